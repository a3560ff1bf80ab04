/**
 * Which port the front door gets: the one asked for, or a clear refusal; the default one, or where that is acceptable any
 * free one.
 */
import { createServer } from "node:net";
import { DEFAULT_PORT } from "./project.ts";
import { CommandError, UsageError } from "./terminal.ts";

/**
 * @param asked the value of PORT, if it is set
 * @param command what to type to try another port, for the message
 * @param fallback whether any free port does when none was asked for and the default is taken
 */
export async function choosePort(asked: string | undefined, command: string, fallback: boolean): Promise<number> {
  const port = readPort(asked);
  if (port !== undefined && (await isFree(port))) return port;
  if (port === undefined) {
    if (await isFree(DEFAULT_PORT)) return DEFAULT_PORT;
    if (fallback) return freePort();
  }
  const taken = port ?? DEFAULT_PORT;
  throw new CommandError(`port ${taken} is in use. Stop what listens there, or take another one: PORT=${taken + 1} ${command}`);
}

/** @throws UsageError when PORT is no port */
export function readPort(asked: string | undefined): number | undefined {
  if (asked === undefined || asked === "") return undefined;
  const port = Number(asked);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError(`PORT must be a number from 1 to 65535, not "${asked}"`);
  return port;
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
