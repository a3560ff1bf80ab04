/**
 * The SQL of a home: the logs of its tasks, and which tasks have work owed. Decides nothing.
 *
 *   log   (task, seq, part, at, body)  one row an entry; an entry too large for a row goes on in parts 1, 2, …;
 *                                      part -1 is the head after that entry, a snapshot. Stored shape.
 *   owed  (task, due)                  tasks whose program must be running; made with the first of them. Stored shape.
 *
 * Tables are made with the first write: reading in an object that holds nothing writes nothing.
 */
import type { LogEntry, TaskEvent } from "../task/event.ts";
import { evolve, type TaskHead } from "../task/head.ts";

/** A row may hold 2 MB; a character may take 4 bytes. */
const PART_CHARS = 400_000;
/** The platform binds at most 100 parameters to a statement. */
const ROWS_PER_INSERT = 20;
/** After how many entries of a task its head is stored. */
const SNAPSHOT_EVERY = 64;
const SNAPSHOT_PART = -1;

type Row = { seq: number; part: number; at: number; body: string };

export class LogStore {
  readonly #sql: SqlStorage;
  #log: boolean | undefined;
  #owed: boolean | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Writes entries of one task, in as few statements as they fit. */
  append(task: string, entries: readonly LogEntry[], head: TaskHead): void {
    if (entries.length === 0) return;
    if (!this.#log) {
      this.#sql.exec(
        "CREATE TABLE IF NOT EXISTS log (task TEXT, seq INTEGER, part INTEGER, at INTEGER, body TEXT, PRIMARY KEY (task, seq, part)) WITHOUT ROWID",
      );
      this.#log = true;
    }
    const rows: (string | number)[] = [];
    for (const { seq, at, event } of entries) {
      const body = JSON.stringify(event);
      for (let part = 0; part === 0 || part * PART_CHARS < body.length; part++) {
        rows.push(task, seq, part, at, body.length <= PART_CHARS ? body : body.slice(part * PART_CHARS, (part + 1) * PART_CHARS));
      }
    }
    const first = entries[0]?.seq ?? 0;
    if (Math.floor(head.seq / SNAPSHOT_EVERY) > Math.floor((first - 1) / SNAPSHOT_EVERY)) {
      rows.push(task, head.seq, SNAPSHOT_PART, head.statusAt, JSON.stringify(head));
    }
    const width = 5;
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT * width) {
      const values = rows.slice(from, from + ROWS_PER_INSERT * width);
      this.#sql.exec(`INSERT INTO log VALUES ${ROW_PLACEHOLDERS.slice(0, (values.length / width) * 12 - 1)}`, ...values);
    }
  }

  /** Entries from position `first` to `last`, in order. */
  read(task: string, first: number, last = Number.MAX_SAFE_INTEGER): LogEntry[] {
    if (!this.#hasLog()) return [];
    return joinParts(
      this.#sql
        .exec<Row>(
          "SELECT seq, part, at, body FROM log WHERE task = ? AND seq BETWEEN ? AND ? AND part >= 0 ORDER BY seq, part",
          task,
          first,
          last,
        )
        .toArray(),
    );
  }

  /** The head of a task: its last snapshot, and the entries after it. */
  head(task: string): TaskHead | undefined {
    if (!this.#hasLog()) return undefined;
    const [snapshot] = this.#sql
      .exec<Row>("SELECT seq, part, at, body FROM log WHERE task = ? AND part = ? ORDER BY seq DESC LIMIT 1", task, SNAPSHOT_PART)
      .toArray();
    let head = snapshot && (JSON.parse(snapshot.body) as TaskHead);
    for (const entry of this.read(task, (head?.seq ?? 0) + 1)) head = evolve(head, entry, task);
    return head;
  }

  /** Every task of this home. Reads the whole log: only for repair after a crash. */
  tasks(): string[] {
    if (!this.#hasLog()) return [];
    return this.#sql
      .exec<{ task: string }>("SELECT DISTINCT task FROM log")
      .toArray()
      .map(({ task }) => task);
  }

  owe(task: string, due: number): void {
    if (!this.#owed) {
      this.#sql.exec("CREATE TABLE IF NOT EXISTS owed (task TEXT PRIMARY KEY, due INTEGER) WITHOUT ROWID");
      this.#owed = true;
    }
    this.#sql.exec("INSERT INTO owed VALUES (?, ?) ON CONFLICT (task) DO UPDATE SET due = excluded.due", task, due);
  }

  settle(task: string): void {
    if (this.#hasOwed()) this.#sql.exec("DELETE FROM owed WHERE task = ?", task);
  }

  owed(): { task: string; due: number }[] {
    if (!this.#hasOwed()) return [];
    return this.#sql.exec<{ task: string; due: number }>("SELECT task, due FROM owed ORDER BY due").toArray();
  }

  #hasLog(): boolean {
    this.#log ??= this.#exists("log");
    return this.#log;
  }

  #hasOwed(): boolean {
    this.#owed ??= this.#exists("owed");
    return this.#owed;
  }

  #exists(table: string): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray().length > 0;
  }
}

const ROW_PLACEHOLDERS = "(?,?,?,?,?),".repeat(ROWS_PER_INSERT);

function joinParts(rows: readonly Row[]): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let index = 0; index < rows.length; index++) {
    const { seq, at, body } = rows[index] as Row;
    let whole = body;
    while (rows[index + 1]?.seq === seq) whole += rows[++index]?.body ?? "";
    entries.push({ seq, at, event: JSON.parse(whole) as TaskEvent });
  }
  return entries;
}
