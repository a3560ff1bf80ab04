/**
 * The SQL of a corpus. Works on any SQLite with FTS5 that it is handed, so it is tested in Node too; it knows no Durable
 * Object, and decides nothing about ranking (see ranking.ts).
 *
 * Tables (persisted shapes: they outlive deploys, so columns are only ever added):
 *   documents  one row per document: name, where it opens, number of passages, who brings it
 *   passages   one row per passage: its document, position and text, as it is quoted; where its lines are from, as JSON
 *   terms      full-text index over passages, by the same id; it holds no text of its own
 */
import { isKept } from "./origin.ts";
import type { LineRun, Passage } from "./passage.ts";
import { joinedWords, type SearchTerm } from "./search-terms.ts";

type Value = string | number | null | ArrayBuffer;

/** What the store needs of a Durable Object's `ctx.storage.sql`. */
export interface Sql {
  exec(query: string, ...bindings: (string | number | null)[]): { toArray(): Record<string, Value>[] };
}

export interface ListedDocument {
  readonly name: string;
  readonly uri: string | null;
  readonly origin: string | null;
  readonly passages: number;
  readonly characters: number;
}

export interface NewDocument {
  readonly name: string;
  readonly uri: string | null;
  /** Who keeps bringing it, and may have it forgotten with all others of this origin. */
  readonly origin?: string | undefined;
  /** A document of the same name that somebody asked to keep stays theirs, with the new content. */
  readonly leavesOrigin?: boolean;
  readonly passages: readonly Pick<Passage, "text" | "position" | "lines">[];
}

/** A passage that holds some of the terms. `rank` is FTS5's BM25: the more negative, the better. */
export interface Candidate {
  readonly id: number;
  readonly rank: number;
  readonly document: string;
  readonly uri: string | null;
  readonly position: string;
  readonly text: string;
  readonly lines?: readonly LineRun[];
}

const SCHEMA = [
  "CREATE TABLE documents (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uri TEXT, passages INTEGER NOT NULL)",
  "CREATE TABLE passages (id INTEGER PRIMARY KEY, document INTEGER NOT NULL, position TEXT NOT NULL, text TEXT NOT NULL)",
  "CREATE INDEX passages_of ON passages (document)",
  `CREATE VIRTUAL TABLE terms USING fts5 (text, place, joined, content = '', contentless_delete = 1,
     tokenize = 'porter unicode61 remove_diacritics 2')`,
];
/** Columns that came later: a corpus of before them gets them when it is opened. */
const ADDED = [
  ["documents", "origin"],
  ["passages", "lines"],
] as const;

/** What a hit in the text, in the document's name or headings, and inside a joined word (maxHops) counts. */
const WEIGHTS = "1.0, 0.7, 0.5";

export class CorpusStore {
  readonly #sql: Sql;
  #ready = false;

  constructor(sql: Sql) {
    this.#sql = sql;
    // Here and not on the way: a column added inside a transaction that fails would be gone again.
    if (this.#exists()) this.#addColumns();
  }

  /** Stores a document in place of the one with the same name. To be called inside a transaction. */
  replace({ name, uri, origin, leavesOrigin, passages }: NewDocument): { replaced: boolean } {
    this.#create();
    const before = this.#sql.exec("SELECT id, origin FROM documents WHERE name = ?", name).toArray()[0];
    if (before) this.#remove(Number(before.id));
    const stays = before && leavesOrigin ? (before.origin === null ? null : String(before.origin)) : undefined;
    const inserted = this.#sql.exec(
      "INSERT INTO documents (name, uri, passages, origin) VALUES (?, ?, ?, ?) RETURNING id",
      name,
      uri,
      passages.length,
      stays !== undefined && isKept(stays) ? stays : (origin ?? null),
    );
    const document = Number(inserted.toArray()[0]?.id);
    for (const { position, text, lines } of passages) {
      const row = this.#sql.exec(
        "INSERT INTO passages (document, position, text, lines) VALUES (?, ?, ?, ?) RETURNING id",
        document,
        position,
        text,
        lines ? JSON.stringify(lines) : null,
      );
      const place = `${name} ${position}`;
      const id = Number(row.toArray()[0]?.id);
      this.#sql.exec(
        "INSERT INTO terms (rowid, text, place, joined) VALUES (?, ?, ?, ?)",
        id,
        text,
        place,
        joinedWords(`${name}\n${text}`),
      );
    }
    return { replaced: before !== undefined };
  }

  /** Removes every document of an origin. To be called inside a transaction. @returns their names */
  forget(origin: string): string[] {
    if (!this.#exists()) return [];
    const documents = this.#sql.exec("SELECT id, name FROM documents WHERE origin = ? ORDER BY id", origin).toArray();
    for (const { id } of documents) this.#remove(Number(id));
    return documents.map(({ name }) => String(name));
  }

  /** Removes the documents of these names. To be called inside a transaction. @returns the names of those that were there */
  removeNamed(names: readonly string[]): string[] {
    if (!this.#exists()) return [];
    const documents = this.#sql
      .exec("SELECT id, name FROM documents WHERE name IN (SELECT value FROM json_each(?)) ORDER BY name", JSON.stringify(names))
      .toArray();
    for (const { id } of documents) this.#remove(Number(id));
    return documents.map(({ name }) => String(name));
  }

  /** Names that occur in a text. */
  namedIn(text: string): string[] {
    if (!this.#exists()) return [];
    const rows = this.#sql.exec("SELECT name FROM documents WHERE instr(?, name) > 0 ORDER BY name", text).toArray();
    return rows.map(({ name }) => String(name));
  }

  /** Documents in the order of their names, after one of them. */
  list(after: string, limit: number): ListedDocument[] {
    if (!this.#exists()) return [];
    const rows = this.#sql.exec(
      `SELECT d.name, d.uri, d.origin, d.passages,
         (SELECT coalesce(sum(length(p.text)), 0) FROM passages AS p WHERE p.document = d.id) AS characters
         FROM documents AS d WHERE d.name > ? ORDER BY d.name LIMIT ?`,
      after,
      limit,
    );
    return rows.toArray().map(({ name, uri, origin, passages, characters }) => ({
      name: String(name),
      uri: uri === null ? null : String(uri),
      origin: origin === null ? null : String(origin),
      passages: Number(passages),
      characters: Number(characters),
    }));
  }

  #remove(document: number): void {
    this.#sql.exec("DELETE FROM terms WHERE rowid IN (SELECT id FROM passages WHERE document = ?)", document);
    this.#sql.exec("DELETE FROM passages WHERE document = ?", document);
    this.#sql.exec("DELETE FROM documents WHERE id = ?", document);
  }

  size(): { documents: number; passages: number } {
    if (!this.#exists()) return { documents: 0, passages: 0 };
    const row = this.#sql.exec("SELECT count(*) AS documents, coalesce(sum(passages), 0) AS passages FROM documents").toArray()[0];
    return { documents: Number(row?.documents ?? 0), passages: Number(row?.passages ?? 0) };
  }

  /** The passages that fit best by BM25, any of the terms being enough. */
  candidates(terms: readonly SearchTerm[], limit: number): Candidate[] {
    if (!this.#exists() || terms.length === 0) return [];
    const rows = this.#sql.exec(
      `SELECT best.rowid AS id, best.fit AS rank, d.name AS document, d.uri AS uri, p.position AS position, p.text AS text, p.lines AS lines
         FROM (SELECT rowid, bm25(terms, ${WEIGHTS}) AS fit FROM terms WHERE terms MATCH ? ORDER BY fit LIMIT ?) AS best
         JOIN passages AS p ON p.id = best.rowid JOIN documents AS d ON d.id = p.document ORDER BY best.fit, best.rowid`,
      terms.map((term) => term.match).join(" OR "),
      limit,
    );
    return rows.toArray().map((row) => ({
      id: Number(row.id),
      rank: Number(row.rank),
      document: String(row.document),
      uri: row.uri === null ? null : String(row.uri),
      position: String(row.position),
      text: String(row.text),
      ...(typeof row.lines === "string" && { lines: JSON.parse(row.lines) as LineRun[] }),
    }));
  }

  /** In how many passages of the corpus a term is, and in which of the given ones. */
  occurrences(term: SearchTerm, among: readonly number[]): { passages: number; held: ReadonlySet<number> } {
    if (!this.#exists()) return { passages: 0, held: new Set() };
    const count = this.#sql.exec("SELECT count(*) AS n FROM terms WHERE terms MATCH ?", term.match).toArray()[0];
    const held = this.#sql.exec(
      "SELECT rowid AS id FROM terms WHERE terms MATCH ? AND rowid IN (SELECT value FROM json_each(?))",
      term.match,
      JSON.stringify(among),
    );
    return { passages: Number(count?.n ?? 0), held: new Set(held.toArray().map((row) => Number(row.id))) };
  }

  /** A search in a corpus that never held anything must not write: tables come with the first document. */
  #exists(): boolean {
    this.#ready ||= this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'terms'").toArray().length > 0;
    return this.#ready;
  }

  #create(): void {
    if (this.#exists()) return;
    for (const statement of SCHEMA) this.#sql.exec(statement);
    this.#addColumns();
  }

  #addColumns(): void {
    for (const [table, column] of ADDED) {
      const made = this.#sql.exec("SELECT sql FROM sqlite_master WHERE name = ?", table).toArray()[0]?.sql;
      if (!new RegExp(`\\b${column}\\b`).test(String(made))) this.#sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column} TEXT`);
    }
    // Every task that is deleted asks for what came with it.
    this.#sql.exec("CREATE INDEX IF NOT EXISTS documents_of ON documents (origin) WHERE origin IS NOT NULL");
  }
}
