/** The peer's process, from outside: started with what its card shall declare, ended with the test. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Triggers } from "../../conformance/probe.ts";

export const PEER_TRIGGERS: Triggers = {
  text: "Say something",
  slow: "slow",
  ask: "ask",
  answer: "the answer",
  fail: "fail",
  reject: "reject",
  artifact: "artifact",
  auth: "auth",
  message: "message",
};

export interface Peer {
  readonly url: string;
  close(): void;
}

export function startPeer(capabilities: Readonly<Record<"streaming" | "pushNotifications" | "extendedAgentCard", boolean>>): Promise<Peer> {
  const file = fileURLToPath(new URL("./fixtures/sdk-server.ts", import.meta.url));
  // What it logs is about itself; the suite looks at what it answers.
  const child = fork(file, [JSON.stringify(capabilities)], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the peer ended with ${code} before it served`)));
    child.once("message", (message) => resolve({ url: (message as { url: string }).url, close: () => child.kill() }));
  });
}
