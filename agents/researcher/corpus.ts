/**
 * Corpus: the documents of one principal, in the SQLite of one Durable Object. A shell: it stores in one transaction and
 * looks up in one turn, so nobody ever meets half a document. Whose corpus it is follows from its name alone: callers
 * name it by the principal's key, and by nothing a message says.
 */
import { DurableObject } from "cloudflare:workers";
import { type CorpusAccess, type SearchReply, type StoreReply, searchCorpus } from "./corpus-access.ts";
import { CorpusStore, type ListedDocument, type NewDocument } from "./corpus-store.ts";

export class Corpus extends DurableObject implements CorpusAccess {
  readonly #store = new CorpusStore(this.ctx.storage.sql);

  async replace(document: NewDocument): Promise<StoreReply> {
    const { replaced } = this.ctx.storage.transactionSync(() => this.#store.replace(document));
    return { ok: true, passages: document.passages.length, replaced };
  }

  async forget(origin: string): Promise<string[]> {
    return this.ctx.storage.transactionSync(() => this.#store.forget(origin));
  }

  async search(question: string, limit: number): Promise<SearchReply> {
    return searchCorpus(this.#store, question, limit);
  }

  async documents(after: string, limit: number): Promise<{ documents: ListedDocument[]; total: number }> {
    return { documents: this.#store.list(after, limit), total: this.#store.size().documents };
  }

  async namedIn(text: string): Promise<string[]> {
    return this.#store.namedIn(text);
  }

  async remove(names: readonly string[]): Promise<string[]> {
    return this.ctx.storage.transactionSync(() => this.#store.removeNamed(names));
  }
}
