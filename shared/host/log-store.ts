/**
 * The SQL of a home: the logs of its tasks, and which tasks have work owed. Decides nothing.
 *
 *   log   (task, seq, part, body)  what one turn appended: its entries as a JSON array, `seq` the position of the last. A
 *                                  row is what the platform counts and bills, so a turn is one row, not one an entry. A
 *                                  large turn has several rows; an entry too large for a row goes on in parts 1, 2, …;
 *                                  part -1 is the head after that entry, a snapshot. Under no task, part -2 is a lease of
 *                                  the home (governance/purse.ts): a table of its own would cost a fresh object more than
 *                                  all that it will ever hold. Stored shape.
 *   owed  (task, due)              tasks whose program must be running; made with the first of them. Stored shape.
 *   untold (task)                  tasks whose last change the index may not know yet; made likewise. Stored shape.
 *
 * Tables are made with the first write: reading in an object that holds nothing writes nothing.
 */
import type { LogEntry } from "../task/event.ts";
import { evolve, type TaskHead } from "../task/head.ts";

/** A row may hold 2 MB; a character may take 4 bytes. */
const PART_CHARS = 400_000;
/** A row is read whole, so entries share one only up to this size. */
const SHARED_ROW_CHARS = 4_000;
/** The platform binds at most 100 parameters to a statement; a row takes four. */
const ROWS_PER_INSERT = 25;
/** After how many entries of a task its head is stored. */
const SNAPSHOT_EVERY = 64;
/** A head grows by the names of its task's steps: after so many of them it is stored half as often, and so on. */
const NAMES_PER_INTERVAL = 1_000;
const SNAPSHOT_PART = -1;
const NO_TASK = "";
const LEASE_PART = -2;

type Row = { seq: number; part: number; body: string };

export class LogStore {
  readonly #sql: SqlStorage;
  #log: boolean | undefined;
  #owed: boolean | undefined;
  #untold: boolean | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Writes entries of one task, in as few rows and statements as they fit. */
  append(task: string, entries: readonly LogEntry[], head: TaskHead): void {
    const first = entries[0]?.seq;
    if (first === undefined) return;
    this.#makeLog();
    const rows = toRows(entries);
    if (isDue(first, head)) {
      const body = JSON.stringify(head);
      // A head beyond a row is left to the fold: it takes longer, and loses nothing.
      if (body.length <= PART_CHARS) {
        this.#sql.exec("DELETE FROM log WHERE task = ? AND part = ?", task, SNAPSHOT_PART);
        rows.push({ seq: head.seq, part: SNAPSHOT_PART, body });
      }
    }
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
      const batch = rows.slice(from, from + ROWS_PER_INSERT);
      const values = batch.flatMap(({ seq, part, body }) => [task, seq, part, body]);
      this.#sql.exec(`INSERT INTO log VALUES ${batch.map(() => "(?,?,?,?)").join()}`, ...values);
    }
  }

  /** A lease of the home, in place of what was stored of it. */
  putLease(number: number, body: string): void {
    this.#makeLog();
    this.#sql.exec("INSERT OR REPLACE INTO log VALUES (?,?,?,?)", NO_TASK, number, LEASE_PART, body);
  }

  deleteLease(number: number): void {
    this.#sql.exec("DELETE FROM log WHERE task = ? AND seq = ? AND part = ?", NO_TASK, number, LEASE_PART);
  }

  /** The home's leases, the latest first. */
  leases(): { number: number; body: string }[] {
    if (!this.#hasLog()) return [];
    const rows = this.#sql.exec<Row>("SELECT seq, part, body FROM log WHERE task = ? AND part = ? ORDER BY seq DESC", NO_TASK, LEASE_PART);
    return rows.toArray().map(({ seq: number, body }) => ({ number, body }));
  }

  /** Entries from position `first` to `last`, in order. */
  read(task: string, first: number, last = Number.MAX_SAFE_INTEGER): LogEntry[] {
    if (!this.#hasLog()) return [];
    const found: LogEntry[] = [];
    const rows = this.#sql.exec<Row>(
      "SELECT seq, part, body FROM log WHERE task = ? AND seq >= ? AND part >= 0 ORDER BY seq, part",
      task,
      first,
    );
    let seq = 0;
    let body = "";
    const take = () => {
      if (body !== "") for (const entry of JSON.parse(body) as LogEntry[]) if (entry.seq >= first && entry.seq <= last) found.push(entry);
    };
    for (const row of rows) {
      if (row.part === 0) {
        take();
        body = "";
        // Rows come as they are asked for, so what lies beyond is not read.
        if (seq >= last) break;
        seq = row.seq;
      }
      body += row.body;
    }
    take();
    return found;
  }

  /** The head of a task: its last snapshot, and the entries after it. */
  head(task: string): TaskHead | undefined {
    if (!this.#hasLog()) return undefined;
    const [snapshot] = this.#sql
      .exec<Row>("SELECT seq, part, body FROM log WHERE task = ? AND part = ? ORDER BY seq DESC LIMIT 1", task, SNAPSHOT_PART)
      .toArray();
    let head = snapshot && (JSON.parse(snapshot.body) as TaskHead);
    for (const entry of this.read(task, (head?.seq ?? 0) + 1)) head = evolve(head, entry, task);
    return head;
  }

  /** Nothing of the task is left: its log, what is owed to it, what the index does not know of it. */
  delete(task: string): void {
    if (this.#hasLog()) this.#sql.exec("DELETE FROM log WHERE task = ?", task);
    this.settle(task);
    this.setTold([task]);
  }

  /** There are tables, and nothing in any of them. */
  get isEmptied(): boolean {
    if (!this.#hasLog()) return false;
    const tables = ["log", ...(this.#hasOwed() ? ["owed"] : []), ...(this.#hasUntold() ? ["untold"] : [])];
    return tables.every((table) => this.#sql.exec(`SELECT 1 FROM ${table} LIMIT 1`).toArray().length === 0);
  }

  /** All storage was deleted, the tables too. */
  wiped(): void {
    this.#log = false;
    this.#owed = false;
    this.#untold = false;
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

  /** When somebody must have looked after the task, if anybody must. Milliseconds since the epoch. */
  dueOf(task: string): number | undefined {
    if (!this.#hasOwed()) return undefined;
    return this.#sql.exec<{ due: number }>("SELECT due FROM owed WHERE task = ?", task).toArray()[0]?.due;
  }

  owed(): { task: string; due: number }[] {
    if (!this.#hasOwed()) return [];
    return this.#sql.exec<{ task: string; due: number }>("SELECT task, due FROM owed ORDER BY due").toArray();
  }

  setUntold(task: string): void {
    if (!this.#untold) {
      this.#sql.exec("CREATE TABLE IF NOT EXISTS untold (task TEXT PRIMARY KEY) WITHOUT ROWID");
      this.#untold = true;
    }
    this.#sql.exec("INSERT OR IGNORE INTO untold VALUES (?)", task);
  }

  setTold(tasks: readonly string[]): void {
    if (tasks.length === 0 || !this.#hasUntold()) return;
    if (tasks.length === 1) this.#sql.exec("DELETE FROM untold WHERE task = ?", ...tasks);
    else this.#sql.exec("DELETE FROM untold WHERE task IN (SELECT value FROM json_each(?))", JSON.stringify(tasks));
  }

  untold(): string[] {
    if (!this.#hasUntold()) return [];
    return this.#sql
      .exec<{ task: string }>("SELECT task FROM untold")
      .toArray()
      .map(({ task }) => task);
  }

  #makeLog(): void {
    if (this.#log) return;
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS log (task TEXT, seq INTEGER, part INTEGER, body TEXT, PRIMARY KEY (task, seq, part)) WITHOUT ROWID",
    );
    this.#log = true;
  }

  #hasUntold(): boolean {
    this.#untold ??= this.#exists("untold");
    return this.#untold;
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

/** Whether the entries from `first` on bring the head to where it is stored again. What that costs an entry does not grow. */
function isDue(first: number, { seq, memo }: TaskHead): boolean {
  const passes = (interval: number) => Math.floor(seq / interval) > Math.floor((first - 1) / interval);
  // Counted only where it may matter: most tasks have few names, and most entries pass no place.
  return passes(SNAPSHOT_EVERY) && passes(SNAPSHOT_EVERY * (1 + Math.floor(Object.keys(memo).length / NAMES_PER_INTERVAL)));
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function toRows(entries: readonly LogEntry[]): Row[] {
  const rows: Row[] = [];
  let texts: string[] = [];
  let chars = 0;
  const close = (seq: number) => {
    const body = `[${texts.join()}]`;
    let from = 0;
    for (let part = 0; from < body.length; part++) {
      // A cut between the halves of a character outside the basic plane would destroy it.
      const end = from + PART_CHARS + (isHighSurrogate(body.charCodeAt(from + PART_CHARS - 1)) ? 1 : 0);
      rows.push({ seq, part, body: body.slice(from, end) });
      from = end;
    }
    texts = [];
    chars = 0;
  };
  for (const [index, entry] of entries.entries()) {
    const text = JSON.stringify(entry);
    const before = entries[index - 1];
    if (before && texts.length > 0 && chars + text.length > SHARED_ROW_CHARS) close(before.seq);
    texts.push(text);
    chars += text.length;
  }
  const last = entries.at(-1);
  if (last) close(last.seq);
  return rows;
}
