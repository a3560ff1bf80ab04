/**
 * HTTP written by hand on a bare connection, for what no client sends; and what the runtime that takes it holds in memory.
 * As in wire.ts, no answer may be a failure of the mesh's own or show its inside.
 */
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";

/** The text of a request whose headers say what they like. */
export function said(headers: readonly string[], content = "", path = "/agents/analyst/message:send", verb = "POST"): string {
  const all = ["Host: 127.0.0.1", "Content-Type: application/json", "A2A-Version: 1.0", ...headers];
  return `${verb} ${path} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n${content}`;
}

interface Manners {
  /** `stay`: waits for the answer. `finish`: says that nothing follows, and waits. `leave`: is gone at once. */
  readonly next: "stay" | "finish" | "leave";
  readonly patienceMs?: number;
}

/** @returns what was answered until the connection ended, or patience did */
export async function say(port: number, text: string | Buffer, { next, patienceMs = 700 }: Manners): Promise<string> {
  const socket = await open(port);
  let answer = "";
  socket.on("data", (chunk) => (answer += chunk));
  const closed = once(socket, "close");
  socket.write(text);
  if (next === "finish") socket.end();
  if (next === "leave") await sleep(5);
  else await Promise.race([closed, sleep(patienceMs)]);
  socket.destroy();
  // Locally a development server stands in front, and says in its own way that its caller broke off; at the edge, the platform does.
  if (/^HTTP\/1\.1 500 [\s\S]*\/node_modules\/miniflare\//.test(answer)) return "";
  expect(answer).not.toMatch(/^HTTP\/1\.1 50[^1]/m);
  expect(answer).not.toMatch(/TypeError|Internal Server Error|\bat .*:\d+:\d+|\.[cm]?[jt]s:\d+/);
  return answer;
}

export async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  // What happens to a connection is for the other side to survive; here it is only awaited.
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Resident memory of the runtime, which is a descendant of this process, in MB. */
export function memory(): number {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
        return [{ pid, parent: field("PPid"), name: field("Name"), mb: Number(field("VmRSS")) / 1024 }];
      } catch {
        return [];
      }
    });
  const descends = (pid: string): boolean => {
    const parent = processes.find((each) => each.pid === pid)?.parent;
    return parent !== undefined && (parent === String(process.pid) || descends(parent));
  };
  return processes.filter(({ pid, name }) => name.startsWith("workerd") && descends(pid)).reduce((sum, { mb }) => sum + mb, 0);
}
