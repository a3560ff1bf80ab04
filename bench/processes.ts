/**
 * The processes a run started, and only those: each is stopped by its own handle, at the end, on an error, and on Ctrl-C.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";

/** How long a process may take to end by itself after SIGTERM, in milliseconds. */
const GRACE_MS = 2_000;
/** As much of what a process says on stderr as is worth showing. */
const TAIL = 2_000;

export interface Running {
  readonly child: ChildProcess;
  /** Resolves with the end of its stderr when the process has ended, for whatever reason. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Starts a program with a pipe on descriptor 3, for programs that report there. */
export function startProcess(command: string, args: readonly string[]): Running {
  return track(spawn(command, args, { stdio: ["ignore", "ignore", "pipe", "pipe"] }));
}

/** Starts a module of ours in a Node of its own, with a message channel. */
export function startModule(module: URL, args: readonly string[] = []): Running {
  return track(fork(module, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] }));
}

/** The next message of a process. @throws Error with what it said last, when it ends instead */
export async function nextMessage<T>({ child, ended }: Running): Promise<T> {
  const message = new Promise<T>((resolve) => child.once("message", (value) => resolve(value as T)));
  return Promise.race([message, ended.then((said) => Promise.reject(new Error(`${child.spawnargs.join(" ")} ended:\n${said}`)))]);
}

/** For a handler of signals, which cannot wait. */
export function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

function track(child: ChildProcess): Running {
  running.add(child);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-TAIL);
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => {
      running.delete(child);
      resolve(error.message);
    });
    // "close" rather than "exit": by then its last words have been read.
    child.once("close", () => {
      running.delete(child);
      resolve(said);
    });
  });
  const stop = async () => {
    if (!running.has(child)) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    await ended;
    clearTimeout(timer);
  };
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return { child, ended, stop, kill };
}
