/**
 * A Durable Object with one table, as plain as SQLite in an object can be: what a durable write costs on this platform.
 */
import { DurableObject } from "cloudflare:workers";

export class RowObject extends DurableObject {
  /** DDL once an instance, as any object of ours does it. */
  #ready = false;

  /** @returns the rows written, once they are durable: the output gate holds the reply until then */
  insert(text: string): number {
    this.#createTable();
    return this.ctx.storage.sql.exec("INSERT INTO row (text) VALUES (?)", text).rowsWritten;
  }

  insertAndRead(text: string): string {
    this.insert(text);
    return this.ctx.storage.sql.exec<{ text: string }>("SELECT text FROM row").one().text;
  }

  /** One insert in each of so many turns, as a program's steps come. @returns how many were stored */
  async insertInTurns(text: string, turns: number): Promise<number> {
    let rows = 0;
    for (let turn = 0; turn < turns; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      rows += this.insert(text);
    }
    return rows;
  }

  async takeTurns(turns: number): Promise<number> {
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
    return 0;
  }

  #createTable(): void {
    if (this.#ready) return;
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
    this.#ready = true;
  }
}
