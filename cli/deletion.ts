/**
 * Deletes a task at an agent. A2A has no such operation, so no client of it does either: one request of the HTTP+JSON binding,
 * to the address where the agent's card says that it speaks it.
 */
import * as v from "valibot";
import { CommandError } from "./terminal.ts";

const answer = v.object({
  deleted: v.string(),
  elsewhere: v.array(v.object({ agent: v.string(), taskId: v.string(), outcome: v.picklist(["deleted", "not-there", "kept"]) })),
});
const refusal = v.object({ error: v.object({ message: v.string() }) });

/** What became of a task, and of those that were made for it at other agents. */
export type Deletion = v.InferOutput<typeof answer>;

/**
 * @param base address of the HTTP+JSON binding
 * @throws CommandError with the agent's own words when it does not delete the task, or cannot
 */
export async function deleteAt(base: string, id: string, fetchImpl: typeof fetch): Promise<Deletion> {
  const url = `${base.replace(/\/$/, "")}/tasks/${encodeURIComponent(id)}`;
  const response = await fetchImpl(url, { method: "DELETE", headers: { "A2A-Version": "1.0" } });
  const body: unknown = await response.json().catch(() => undefined);
  const deleted = v.safeParse(answer, body);
  if (response.ok && deleted.success) return deleted.output;
  const refused = v.safeParse(refusal, body);
  if (refused.success) throw new CommandError(refused.output.error.message);
  throw new CommandError(`${base} cannot delete tasks (HTTP ${response.status}): it may keep them for a time of its own`);
}

/** One line for a person. */
export function deletionInWords({ deleted, elsewhere }: Deletion): string {
  const gone = elsewhere.filter(({ outcome }) => outcome === "deleted").length;
  const kept = elsewhere.filter(({ outcome }) => outcome === "kept");
  const beside = gone === 0 ? "" : `, and ${gone} ${gone === 1 ? "task" : "tasks"} that other agents had for it`;
  const left = kept.map(({ agent, taskId }) => `${agent} still has ${taskId}`).join(", ");
  const rest = kept.length === 0 ? "" : `. ${left}: delete it there with --agent, or leave it until its time is over`;
  return `deleted ${deleted}${beside}${rest}`;
}
