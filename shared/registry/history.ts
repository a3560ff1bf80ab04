/**
 * The registry's log: every change in order, each entry with the hash of the one before, so that nobody can change or leave out one
 * without breaking all that follow. Pure, and the same for whoever writes it and whoever checks it.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { EntryStatus } from "./entry.ts";

export interface LogEvent {
  /** From 1, without gaps. */
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  readonly what: "published" | "changed" | "probed";
  readonly name: string;
  readonly version: string;
  /** Of the card. */
  readonly digest: string;
  readonly status: EntryStatus;
  readonly reason?: string;
}

export interface LogRow extends LogEvent {
  /** Of the row before; 64 zeros before the first. */
  readonly previous: string;
  /** SHA-256 in hex of `previous` and the event. */
  readonly hash: string;
}

export interface LogPage {
  readonly rows: readonly LogRow[];
  /** The last position there is. */
  readonly last: number;
}

export const BEGINNING = "0".repeat(64);

export function chained(event: LogEvent, previous: string): LogRow {
  return { ...event, previous, hash: hashOf(event, previous) };
}

/** @returns the position of the first row that does not belong where it stands; undefined when all do */
export function firstBroken(rows: readonly LogRow[], before = { seq: 0, hash: BEGINNING }): number | undefined {
  let last = before;
  for (const { hash, previous, ...event } of rows) {
    if (event.seq !== last.seq + 1 || previous !== last.hash || hash !== hashOf(event, previous)) return last.seq + 1;
    last = { seq: event.seq, hash };
  }
  return undefined;
}

/** By a fixed order of members: how a row was stored must not matter. */
function hashOf({ seq, at, by, what, name, version, digest, status, reason }: LogEvent, previous: string): string {
  const text = JSON.stringify([previous, seq, at, by, what, name, version, digest, status, reason ?? null]);
  return bytesToHex(sha256(utf8ToBytes(text)));
}
