/**
 * What the skill sees of a workbook, and whose workbook it may reach. The Durable Object (workbook.ts) answers with these
 * shapes over RPC, so they may only grow: the object and the agent can be of two versions during a deploy.
 */
import { principalKey } from "../../../shared/auth/principal.ts";
import type { SkillContext } from "../../../shared/kit/skill.ts";
import type { Query } from "./query.ts";
import type { Table } from "./rows.ts";
import type { StoredTable } from "./select-sql.ts";
import type { Rows, Selection } from "./workbook-store.ts";

export interface WorkbookAccess {
  tables(): Promise<StoredTable[]>;
  /** Keeps all of the tables, each in place of the one with its name, or none. */
  put(tables: readonly Table[]): Promise<{ ok: true } | { ok: false; reason: string }>;
  select(query: Query): Promise<Selection>;
  describe(table: StoredTable): Promise<Rows>;
}

export interface AnalystEnv {
  readonly WORKBOOK: { getByName(name: string): WorkbookAccess };
}

/** One workbook for each context of each principal. No message can name another. */
export function workbookOf({ env, principal, contextId }: SkillContext<AnalystEnv>): WorkbookAccess {
  return env.WORKBOOK.getByName(`${principalKey(principal)}/${encodeURIComponent(contextId)}`);
}
