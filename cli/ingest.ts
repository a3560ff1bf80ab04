/**
 * Hands documents to the researcher, a batch at a time, by plain A2A: nothing here that another client could not do.
 */
import { type Part, textOf } from "../shared/task/a2a-types.ts";
import { answerOf } from "./answer.ts";
import { connect } from "./client.ts";
import { batches, type Documents, partFor } from "./documents.ts";
import { CommandError } from "./terminal.ts";

/**
 * @param url the agent that has the skill "ingest"
 * @param tell gets one line for each batch
 * @throws CommandError when no batch was taken
 */
export async function ingest(url: string, { files, folder }: Documents, tell: (line: string) => void): Promise<void> {
  const client = await connect(url);
  const modes = client.inputModes("ingest");
  const parts = files.map((file) => asTaken(partFor(file, folder), modes));
  const groups = batches(parts.filter((part) => part !== undefined));
  const untaken = parts.filter((part) => part === undefined).length;
  if (untaken > 0) tell(`${untaken} of them left out: the researcher takes ${modes.join(", ")}`);
  let taken = 0;
  let reason = "there was nothing to read";
  for (const [index, parts] of groups.entries()) {
    const at = groups.length > 1 ? `${index + 1}/${groups.length}  ` : "";
    const task = await client.send({ parts, skill: "ingest" });
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

/** Text of a kind the agent does not know by name is still text; anything else it does not take is left out. */
function asTaken(part: Part, modes: readonly string[]): Part | undefined {
  if (modes.includes(part.mediaType ?? "text/plain")) return part;
  return part.text !== undefined && modes.includes("text/plain") ? { ...part, mediaType: "text/plain" } : undefined;
}
