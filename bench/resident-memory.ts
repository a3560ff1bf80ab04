/** How much memory a process holds. Its own view of a heap would miss what the runtime keeps beside it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { platform } from "node:os";

/** @returns bytes of resident memory */
export function residentBytes(pid: number): number {
  const kilobytes =
    platform() === "linux"
      ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]
      : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "latin1" }).trim();
  if (kilobytes === undefined) throw new Error(`process ${pid} has ended, so its memory cannot be read`);
  return Number(kilobytes) * 1024;
}
