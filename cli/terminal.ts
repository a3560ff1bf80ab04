/**
 * What commands write: colour where a person looks on, plain text in files, pipes and CI. Answers go to stdout, progress
 * and complaints to stderr, so that `npm run call -- … > answer.md` keeps the answer and nothing else.
 */
import { styleText } from "node:util";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "underline";

export interface Terminal {
  paint(style: Style | Style[], text: string): string;
  /** A line of the result. */
  say(line?: string): void;
  /** A line on the way to the result. */
  note(line: string): void;
  /** One line that says what is wrong and what to do. */
  complain(line: string): void;
  readonly columns: number;
}

export const terminal: Terminal = {
  paint: (style, text) => (inColour() ? styleText(style, text, { validateStream: false }) : text),
  say: (line = "") => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${terminal.paint("red", "✘")} ${line}\n`),
  // A pseudo terminal may say it is 0 wide.
  columns: Math.max(40, Math.min(process.stdout.columns || 100, 120)),
};

function inColour(): boolean {
  return process.stdout.isTTY === true && process.stderr.isTTY === true && !process.env["NO_COLOR"];
}

/** A mistake of the person at the keyboard: its message is printed as one line, without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Something outside failed in a way we can explain: printed as it is, without a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/**
 * Runs a command to its exit code: 0 done, 1 failed, 2 called wrongly. A stack is shown only for faults of our own.
 */
export async function runCommand(command: (args: string[]) => Promise<number>, help: string): Promise<void> {
  const args = process.argv.slice(2);
  // Whoever read the output has seen enough, as `| head` does.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  if (args.includes("--help") || args.includes("-h")) {
    terminal.say(help.trim());
    return;
  }
  try {
    process.exitCode = await command(args);
  } catch (error) {
    if (error instanceof CommandError) {
      terminal.complain(error.message);
      process.exitCode = 1;
    } else if (error instanceof UsageError || isParseArgsError(error)) {
      terminal.complain(`${(error as Error).message.split("\n")[0]}  (--help shows what there is)`);
      process.exitCode = 2;
    } else {
      throw error;
    }
  }
}

function isParseArgsError(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}
