/**
 * Hands documents to the researcher, a batch at a time, by plain A2A: nothing here that another client could not do.
 */
import { type Part, textOf } from "../shared/task/a2a-types.ts";
import { answerOf } from "./answer.ts";
import { connect } from "./client.ts";
import type { Credentials } from "./credentials.ts";
import { batches, type Documents, partFor, partTaken } from "./documents.ts";
import { CommandError } from "./terminal.ts";

/** Says whose documents they are, so that those of an earlier start can be forgotten and no others. */
const ORIGIN = "npm start";

/**
 * Hands them over in place of those that were handed over so before.
 *
 * @param url the agent that has the skill "ingest"
 * @param tell gets one line for each batch
 * @param credentials who hands them over, where the mesh wants to know
 * @throws CommandError when no batch was taken
 */
export async function ingest(
  url: string,
  { files, folder }: Documents,
  tell: (line: string) => void,
  credentials?: Credentials,
): Promise<void> {
  const client = await connect(url, credentials);
  const modes = client.inputModes("ingest");
  const parts = files.map((file) => partFor(file, folder));
  const groups = batches(parts.flatMap((part) => partTaken(part, modes) ?? []));
  const untaken = parts.filter((part) => partTaken(part, modes) === undefined).map(({ filename }) => filename);
  if (untaken.length > 0) tell(`left out ${untaken.join(", ")}: the researcher takes ${modes.join(", ")}`);
  let taken = 0;
  let reason = "there was nothing to read";
  for (const [index, parts] of groups.entries()) {
    const at = groups.length > 1 ? `${index + 1}/${groups.length}  ` : "";
    const option: Part = { data: { origin: ORIGIN, replaceAll: index === 0 }, mediaType: "application/json" };
    const task = await client.send({ parts: [option, ...parts], skill: "ingest" });
    if (task.status.state === "TASK_STATE_COMPLETED") {
      taken += 1;
      tell(`${at}${answerOf(task).trim().split("\n").join("\n   ")}`);
    } else {
      // One refused batch is no reason to leave the others out.
      reason = textOf(task.status.message?.parts ?? []) || task.status.state;
      tell(`${at}refused: ${reason}`);
    }
  }
  if (taken === 0) throw new CommandError(`no document could be handed over: ${reason}`);
}
