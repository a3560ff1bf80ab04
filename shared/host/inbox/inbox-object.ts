/**
 * The inbox object: what waits for people in one tenant, the longest first. It decides nothing and answers nobody's question:
 * it keeps what homes tell it, the last word on each task.
 *
 *   waiting (agent, task, n, question, kind, since, body)  one row a question, `body` a Waiting as JSON. Stored shape.
 *   told    (agent, task, version, emptied)                the last word on each task; of one in which nothing waits any more it
 *                                                          is kept for a while, for words that are late. Stored shape.
 */
import { DurableObject } from "cloudflare:workers";
import type { Waiting } from "../../task/waiting.ts";
import type { InboxApi, InboxPage, InboxQuery, TaskWaits } from "./api.ts";

const TABLES = `
CREATE TABLE waiting (
  agent TEXT, task TEXT, n INTEGER, question TEXT, kind TEXT, since INTEGER, body TEXT, PRIMARY KEY (agent, task, n)
) WITHOUT ROWID;
CREATE INDEX waiting_since ON waiting (since, agent, task, n);
CREATE INDEX waiting_task ON waiting (task);
CREATE INDEX waiting_question ON waiting (question);
CREATE TABLE told (agent TEXT, task TEXT, version INTEGER, emptied INTEGER, PRIMARY KEY (agent, task)) WITHOUT ROWID;
CREATE INDEX told_emptied ON told (emptied) WHERE emptied IS NOT NULL;`;

/** More than people can look at: what comes beyond is told again when there is room. */
const MOST_ROWS = 10_000;
/** Longer than anything that was sent is on its way. Milliseconds. */
const LATE_MS = 3_600_000;
const FORGOTTEN_AT_ONCE = 100;

export class Inbox extends DurableObject implements InboxApi {
  readonly #sql = this.ctx.storage.sql;
  #made: boolean | undefined;

  async tell({ agent, task, version, waiting }: TaskWaits): Promise<"taken" | "full"> {
    const now = Date.now();
    this.#make();
    const [known] = this.#sql.exec<{ version: number }>("SELECT version FROM told WHERE agent = ? AND task = ?", agent, task).toArray();
    if (known && known.version > version) return "taken";
    this.#sql.exec("DELETE FROM waiting WHERE agent = ? AND task = ?", agent, task);
    // What was there is gone in any case: it waits no more.
    if (waiting.length > 0 && this.#count([], []) + waiting.length > MOST_ROWS) return "full";
    for (const [n, each] of waiting.entries())
      this.#sql.exec(
        "INSERT INTO waiting VALUES (?,?,?,?,?,?,?)",
        agent,
        task,
        n,
        each.question,
        each.kind,
        Date.parse(each.since),
        JSON.stringify(each),
      );
    const emptied = waiting.length > 0 ? null : now;
    this.#sql.exec(
      "INSERT INTO told VALUES (?,?,?,?) ON CONFLICT (agent, task) DO UPDATE SET version = excluded.version, emptied = excluded.emptied",
      agent,
      task,
      version,
      emptied,
    );
    this.#sql.exec(
      "DELETE FROM told WHERE (agent, task) IN (SELECT agent, task FROM told WHERE emptied < ? LIMIT ?)",
      now - LATE_MS,
      FORGOTTEN_AT_ONCE,
    );
    return "taken";
  }

  async list({ kind, about, pageSize, cursor }: InboxQuery): Promise<InboxPage> {
    if (!this.#exists()) return { waiting: [], total: 0 };
    const where: string[] = [];
    const values: (string | number)[] = [];
    if (kind !== undefined) {
      where.push("kind = ?");
      values.push(kind);
    }
    if (about !== undefined) {
      const isKnown = this.#count(["(task = ? OR question = ?)"], [about, about]) > 0;
      where.push(isKnown ? "(task = ? OR question = ?)" : HELD);
      values.push(...(isKnown ? [about, about] : [about]));
    }
    const total = this.#count(where, values);
    if (cursor) {
      where.push(`(since, ${ID}) > (?, ?)`);
      values.push(cursor.at, cursor.id);
    }
    const rows = this.#sql
      .exec<{ at: number; id: string; body: string }>(
        `SELECT since AS at, ${ID} AS id, body FROM waiting ${whereOf(where)} ORDER BY at, id LIMIT ?`,
        ...values,
        pageSize + 1,
      )
      .toArray();
    const last = rows.length > pageSize ? rows[pageSize - 1] : undefined;
    return {
      waiting: rows.slice(0, pageSize).map(({ body }) => JSON.parse(body) as Waiting),
      ...(last && { next: { at: last.at, id: last.id } }),
      total,
    };
  }

  #count(where: readonly string[], values: readonly (string | number)[]): number {
    return this.#sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM waiting ${whereOf(where)}`, ...values).one().n;
  }

  #make(): void {
    if (this.#exists()) return;
    this.#sql.exec(TABLES);
    this.#made = true;
  }

  #exists(): boolean {
    this.#made ??= this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'waiting'").toArray().length > 0;
    return this.#made;
  }
}

/** One word that orders the rows of one moment, and names each of them. */
const ID = "(agent || '_' || task || '_' || n)";

/** The task that is paused, for a question that it holds meanwhile. No index helps: asked only for what is not there by itself. */
const HELD =
  "(kind = 'paused' AND EXISTS (SELECT 1 FROM json_each(body, '$.behind') AS held WHERE json_extract(held.value, '$.question') = ?))";

function whereOf(conditions: readonly string[]): string {
  return conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
}
