/**
 * Reads what is to be delivered, and where to, out of a message. Pure. The target comes only from a data part or from the
 * caller's own instruction (the first text part), never from text that other agents handed on: a passage of a document
 * must not be able to say where something is sent.
 */
import * as v from "valibot";
import { findingsOf } from "../../shared/kit/finding.ts";
import type { Json, Part } from "../../shared/kit/skill.ts";

export type Delivery = {
  readonly url: string;
  /** A string is sent as plain text, anything else as JSON. */
  readonly body: Json;
};

export type ReadDelivery = ({ readonly ok: true } & Delivery) | { readonly ok: false; readonly reason: string };

const MAX_BODY_CHARS = 100_000;

const target = v.object({ url: v.string(), body: v.optional(v.any()) });

export function readDelivery(parts: readonly Part[]): ReadDelivery {
  const instruction = parts.find((part) => part.text !== undefined)?.text ?? "";
  const targets = parts.flatMap((part) => {
    const result = v.safeParse(target, part.data);
    return result.success ? [result.output as { url: string; body?: Json }] : [];
  });
  if (targets.length > 1 || (targets.length === 0 && targetsNamedIn(instruction) > 1))
    return refuse("One task delivers to one webhook. Send a task of its own for each.");

  const url = targets[0]?.url ?? firstUrl(unquoted(instruction)) ?? firstUrl(instruction);
  if (url === undefined)
    return refuse('No target: put the webhook\'s URL into the text, or send a data part { "url": "https://…", "body": … }.');
  const body = targets[0]?.body ?? messageOf(instruction, url, parts);
  if (body === undefined) return refuse("No message: send the text to deliver, or a data part with a body.");
  if (JSON.stringify(body).length > MAX_BODY_CHARS)
    return refuse(`The message is longer than ${MAX_BODY_CHARS} characters. Send a shorter one, or a link to it.`);
  return { ok: true, url, body };
}

function refuse(reason: string): ReadDelivery {
  return { ok: false, reason };
}

/** "… to <URL> and … to <URL>". What is quoted, or stands behind the target and a colon, is the message. */
function targetsNamedIn(instruction: string): number {
  const order = unquoted(instruction).replace(/(https?:\/\/\S+?):\s[\s\S]*$/i, "$1");
  return new Set([...order.matchAll(/\bto\s+(https?:\/\/[^\s,;]+)/gi)].map(([, url]) => url)).size;
}

function unquoted(text: string): string {
  return text.replace(/"[^"]*"|“[^”]*”/g, "");
}

/** The first web address in a text. */
export function firstUrl(text: string): string | undefined {
  // Punctuation that ends the sentence or the bracket around a URL is not part of it.
  return text.match(/https?:\/\/[^\s<>"'`]+/i)?.[0].replace(/[.,;:!?)\]}]+$/, "");
}

/**
 * The words to deliver: what the instruction quotes; else what other agents handed on; else what stands behind the URL and
 * a colon; else the instruction as it is. `{ "text": … }` is what chat webhooks commonly take.
 */
function messageOf(instruction: string, url: string, parts: readonly Part[]): Json | undefined {
  const handedOn = parts
    .filter((part) => part.text !== undefined)
    .slice(1)
    .map((part) => part.text)
    .join("\n\n");
  const found = findingsOf(parts)
    .map((finding) => finding.text)
    .join("\n\n");
  const behindUrl = instruction.slice(instruction.indexOf(url) + url.length).match(/^\s*:\s+([\s\S]+)$/)?.[1];
  const quoted = instruction.replaceAll(url, "").match(/"([^"]+)"|“([^”]+)”/);
  const asWritten = instruction.trim() === url ? "" : instruction;
  const text = [quoted?.[1] ?? quoted?.[2], handedOn, found, behindUrl, asWritten].map((each) => each?.trim()).find(Boolean);
  return text === undefined ? undefined : { text };
}
