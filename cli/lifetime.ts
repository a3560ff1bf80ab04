/**
 * When a command that stays up has to end: on Ctrl-C, on a polite kill, when the terminal closes, and when the npm that
 * started it is gone (npm killed hard tells nobody).
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** How often to see whether npm is still there. */
const PULSE_MS = 500;

export interface Lifetime {
  /** Resolves with why it is time to end. */
  readonly over: Promise<string>;
  /** Aborted at the same moment, for what must not go on. */
  readonly signal: AbortSignal;
}

/** @param abrupt called on the second Ctrl-C, from somebody who will not wait */
export function watchLifetime(abrupt: () => void): Lifetime {
  const controller = new AbortController();
  const over = new Promise<string>((resolve) => {
    const end = (why: string) => {
      if (controller.signal.aborted && why === "SIGINT") abrupt();
      controller.abort();
      resolve(why);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));
    if (process.env["npm_lifecycle_event"]) void watchNpm(() => end("npm is gone"));
  });
  return { over, signal: controller.signal };
}

/** npm runs a script through a shell, which may stay between us and npm: both have to live. */
async function watchNpm(gone: () => void): Promise<void> {
  const watched = [process.ppid];
  const parent = await parentOf(process.ppid);
  if (parent && /(^|\/)(da|ba|z|k)?sh$/.test(parent.name)) watched.push(parent.parent);
  const pulse = setInterval(() => {
    if (process.ppid === watched[0] && watched.every(isAlive)) return;
    clearInterval(pulse);
    gone();
  }, PULSE_MS);
  pulse.unref();
}

async function parentOf(pid: number): Promise<{ parent: number; name: string } | undefined> {
  try {
    const { stdout } = await run("ps", ["-o", "ppid=,comm=", "-p", String(pid)]);
    const [, parent, name] = /^\s*(\d+)\s+(.+?)\s*$/.exec(stdout) ?? [];
    return parent && name ? { parent: Number(parent), name } : undefined;
  } catch {
    // No ps on this machine: the direct parent alone has to do.
    return undefined;
  }
}

/** One that has ended, and that whoever started it has not asked about yet, takes signals as if it lived. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isOver(pid);
  } catch (error) {
    // A process of somebody else's is alive too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** As far as this system says so: its state is the field behind its name, which may hold anything. (proc_pid_stat(5)) */
function isOver(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return /^\) [ZX]/.test(stat.slice(stat.lastIndexOf(")")));
  } catch {
    return false;
  }
}
