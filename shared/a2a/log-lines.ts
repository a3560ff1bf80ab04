/**
 * A log as a home hands it out, read again within the mesh: it is believed, because nobody else has had it. Bounded, because it is in
 * memory whole.
 */
import type { LogEntry } from "../task/event.ts";
import type { LogHeader } from "../task/log-file.ts";
import { RequestError } from "./errors.ts";

/** Far below what one call between objects may carry (32 MiB), whatever its characters take. */
const CHARS = 8_000_000;

/** @throws RequestError `unsupported-operation` for a log that is too long to be copied */
export async function logLines(log: ReadableStream<Uint8Array>, taskId: string): Promise<{ header: LogHeader; entries: LogEntry[] }> {
  const decoder = new TextDecoder();
  const entries: LogEntry[] = [];
  let header: LogHeader | undefined;
  let rest = "";
  let chars = 0;
  const take = (line: string) => {
    if (header) entries.push(JSON.parse(line) as LogEntry);
    else header = JSON.parse(line) as LogHeader;
  };
  for await (const chunk of log) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
    chars += chunk.byteLength;
    if (chars > CHARS)
      throw new RequestError("unsupported-operation", `the log of task ${taskId} is longer than ${CHARS / 1e6} MB, and cannot be forked`);
  }
  if (!header || entries.length !== header.entries) throw new Error(`the log of task ${taskId} broke off`);
  return { header, entries };
}
