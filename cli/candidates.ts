/**
 * `npm run decisions -- --candidates`: what the candidates among the contracts would have decided otherwise in tasks that ran, so that
 * somebody can let one bind or take it out. Changes nothing.
 */
import { count } from "./conversation.ts";
import type { Credentials } from "./credentials.ts";
import { ofRecords, ownTasks } from "./many-records.ts";
import { terminal } from "./terminal.ts";
import { type CandidateSeen, candidatesIn, triedBeside } from "./tried.ts";

/**
 * @param base address of the agent whose tasks they are
 * @returns the exit code: 3 when something would have been otherwise, as of a replay
 */
export async function showCandidates(
  base: string,
  credentials: Credentials | undefined,
  { most, json }: { readonly most: number; readonly json: boolean },
): Promise<number> {
  const ids = await ownTasks(base, credentials, most);
  // Signals are long, and only what a candidate was asked on is looked at.
  const asked = await ofRecords(base, ids, credentials, ({ id, decisions }) => ({ id, decisions: decisions.filter(triedBeside) }));
  const candidates = candidatesIn(asked);
  if (json) terminal.say(JSON.stringify({ tasks: ids.length, candidates }));
  else show(candidates, ids.length);
  return candidates.some(({ otherwise, failed }) => otherwise + failed > 0) ? 3 : 0;
}

function show(candidates: readonly CandidateSeen[], tasks: number): void {
  const { say, note, paint } = terminal;
  if (candidates.length === 0) {
    note(
      `no candidate was asked in ${count(tasks, "task")}: a contract is one with "mode: candidate", deployed beside the version that binds`,
    );
    return;
  }
  for (const { policy, version, tasks: inTasks, asked, otherwise, failed, ways } of candidates) {
    const threw = failed > 0 ? `, ${failed} on which it failed` : "";
    say(
      `${paint("bold", `${policy} v${version}`)}: asked on ${count(asked, "decision")} of ${count(inTasks, "task")}, ${asked - otherwise - failed} the same, ${otherwise} otherwise${threw}`,
    );
    for (const { way, times, examples } of ways) {
      say(`  ${String(times).padStart(4)} × ${way}`);
      for (const id of examples) say(paint("dim", `         npm run decisions -- ${id}`));
    }
  }
  note('\nTo let one bind, set "mode: enforce" in its file and deploy every Worker; new tasks are made under it from then on.');
}
