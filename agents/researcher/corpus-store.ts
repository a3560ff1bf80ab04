/**
 * The SQL of a corpus. Works on any SQLite with FTS5 that it is handed, so it is tested in Node too; it knows no Durable
 * Object, and decides nothing about ranking (see ranking.ts).
 *
 * Tables (persisted shapes: they outlive deploys, so columns are only ever added):
 *   documents  one row per document: name, where it opens, number of passages
 *   passages   one row per passage: its document, position and text, as it is quoted
 *   terms      full-text index over passages, by the same id; it holds no text of its own
 */
import type { Passage } from "./passage.ts";
import { joinedWords, type SearchTerm } from "./search-terms.ts";

type Value = string | number | null | ArrayBuffer;

/** What the store needs of a Durable Object's `ctx.storage.sql`. */
export interface Sql {
  exec(query: string, ...bindings: (string | number | null)[]): { toArray(): Record<string, Value>[] };
}

export interface NewDocument {
  readonly name: string;
  readonly uri: string | null;
  readonly passages: readonly Pick<Passage, "text" | "position">[];
}

/** A passage that holds some of the terms. `rank` is FTS5's BM25: the more negative, the better. */
export interface Candidate {
  readonly id: number;
  readonly rank: number;
  readonly document: string;
  readonly uri: string | null;
  readonly position: string;
  readonly text: string;
}

const SCHEMA = [
  "CREATE TABLE documents (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uri TEXT, passages INTEGER NOT NULL)",
  "CREATE TABLE passages (id INTEGER PRIMARY KEY, document INTEGER NOT NULL, position TEXT NOT NULL, text TEXT NOT NULL)",
  "CREATE INDEX passages_of ON passages (document)",
  `CREATE VIRTUAL TABLE terms USING fts5 (text, place, joined, content = '', contentless_delete = 1,
     tokenize = 'porter unicode61 remove_diacritics 2')`,
];

/** What a hit in the text, in the document's name or headings, and inside a joined word (maxHops) counts. */
const WEIGHTS = "1.0, 0.7, 0.5";

export class CorpusStore {
  readonly #sql: Sql;
  #ready = false;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Stores a document in place of the one with the same name. To be called inside a transaction. */
  replace({ name, uri, passages }: NewDocument): { replaced: boolean } {
    this.#create();
    const before = this.#sql.exec("SELECT id FROM documents WHERE name = ?", name).toArray()[0];
    if (before) {
      const id = Number(before.id);
      this.#sql.exec("DELETE FROM terms WHERE rowid IN (SELECT id FROM passages WHERE document = ?)", id);
      this.#sql.exec("DELETE FROM passages WHERE document = ?", id);
      this.#sql.exec("DELETE FROM documents WHERE id = ?", id);
    }
    const inserted = this.#sql.exec(
      "INSERT INTO documents (name, uri, passages) VALUES (?, ?, ?) RETURNING id",
      name,
      uri,
      passages.length,
    );
    const document = Number(inserted.toArray()[0]?.id);
    for (const { position, text } of passages) {
      const row = this.#sql.exec("INSERT INTO passages (document, position, text) VALUES (?, ?, ?) RETURNING id", document, position, text);
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

  size(): { documents: number; passages: number } {
    if (!this.#exists()) return { documents: 0, passages: 0 };
    const row = this.#sql.exec("SELECT count(*) AS documents, coalesce(sum(passages), 0) AS passages FROM documents").toArray()[0];
    return { documents: Number(row?.documents ?? 0), passages: Number(row?.passages ?? 0) };
  }

  /** The passages that fit best by BM25, any of the terms being enough. */
  candidates(terms: readonly SearchTerm[], limit: number): Candidate[] {
    if (!this.#exists() || terms.length === 0) return [];
    const rows = this.#sql.exec(
      `SELECT best.rowid AS id, best.fit AS rank, d.name AS document, d.uri AS uri, p.position AS position, p.text AS text
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
    if (!this.#exists()) for (const statement of SCHEMA) this.#sql.exec(statement);
  }
}
