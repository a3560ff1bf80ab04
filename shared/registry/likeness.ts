/**
 * Whether two answers to the same question say the same: of the same parts, in the same order, but for white space. Pure.
 */
import type { Answer } from "./answer.ts";

export function alike(base: Answer, candidate: Answer): boolean {
  return saidIn(base) === saidIn(candidate);
}

function saidIn({ parts }: Answer): string {
  return JSON.stringify(parts.map(({ text, data, url, raw }) => [text?.replace(/\s+/g, " ").trim(), data, url, raw]));
}
