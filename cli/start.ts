/**
 * `npm start`: the whole mesh at work once, on real documents, then up until Ctrl-C.
 */
import { parseArgs } from "node:util";
import { accessOf, describeAccess, variablesOf } from "./access.ts";
import { flagsToReach } from "./address.ts";
import { type AgentClient, connect } from "./client.ts";
import { type Conversation, converse, count, showEnd } from "./conversation.ts";
import { type Credentials, credentialsFrom } from "./credentials.ts";
import { untilOver } from "./dev.ts";
import { documentsIn, projectDocuments } from "./documents.ts";
import { showApproval } from "./first-approval.ts";
import { governedLine } from "./governed.ts";
import { ingest } from "./ingest.ts";
import { type Lifetime, watchLifetime } from "./lifetime.ts";
import { type Mesh, startMesh } from "./mesh.ts";
import { onlyMesh } from "./only-mesh.ts";
import { choosePort } from "./port.ts";
import { agentNames, ROOT, shown } from "./project.ts";
import { openReceiver } from "./receiver.ts";
import { readRecord } from "./records.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const QUESTION =
  "What is the deadline of a delegate call, and how many attempts may a goal have? " +
  "From that, calculate maxAttempts * deadlineMs / 1000, the seconds a goal may take.";

const HELP = `
npm start [-- "question"] [-- options]

Starts the mesh on this machine, hands it documents, asks it a question, shows how the agents answer it together, and
stays up until Ctrl-C. No account, no key, no network.

  "question"        what to ask (default: one about this project that takes several agents)
  --docs <folder>   documents to answer from (default: this project's own), in place of those of an earlier start;
                    what you ingested yourself stays, and is answered from too
  --once            ends after the answer: exit code 0 when there is one, 1 when not, 3 when the mesh asks back
  --fresh           start with nothing remembered, and forget everything at the end
  PORT=8788         the front door's port (default 8787, or a free one)
  SKEIN_KEY=…       who asks, when AUTH_API_KEYS or AUTH_ISSUERS is set: an API key, or SKEIN_TOKEN=… with a token
  --help            this text
`;

const OPTIONS = {
  docs: { type: "string" },
  once: { type: "boolean", default: false },
  fresh: { type: "boolean", default: false },
} as const;

async function start(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (positionals.length > 1) throw new UsageError("one question at a time: put it in quotes");
  const access = accessOf(ROOT);
  const credentials = credentialsFrom({});
  if (access.mode === "required" && credentials === undefined)
    throw new CommandError(
      `this mesh answers ${describeAccess(access)}: set SKEIN_KEY or SKEIN_TOKEN, so that npm start can ask it (npm run key makes a key)`,
    );
  const documents = values.docs === undefined ? projectDocuments(ROOT) : documentsIn(values.docs);
  const lifetime = watchLifetime(() => process.exit(130));
  if (!values.fresh) await onlyMesh(ROOT, lifetime.signal);
  const port = await choosePort(process.env["PORT"], "npm start", true);
  const receiver = await openReceiver();
  const { paint, note } = terminal;

  note(`${paint("bold", "1")}  Starting the front door and ${count(agentNames(ROOT).length, "agent")} …`);
  const mesh = await startMesh({
    root: ROOT,
    port,
    fresh: values.fresh,
    variables: { COURIER_ALLOW: [variablesOf(ROOT, ["COURIER_ALLOW"]).COURIER_ALLOW ?? "", receiver.url].filter(Boolean).join(", ") },
    signal: lifetime.signal,
    onWaiting: (seconds) => note(`   still starting, ${seconds} s`),
    onProblem: (problem) => terminal.complain(problem),
  });
  note(`   up at ${paint("cyan", mesh.url)}`);
  note(`   answers ${describeAccess(access)}\n`);

  let code = 1;
  let endApproval = async () => {};
  try {
    const skipped = documents.skipped > 0 ? `, ${count(documents.skipped, "other file")} skipped` : "";
    note(`${paint("bold", "2")}  Reading ${count(documents.files.length, "document")} from ${shown(documents.folder)}${skipped} …`);
    await ingest(`${mesh.url}/agents/researcher`, documents, (line) => note(`   ${line}`), credentials);
    const { client, conversation } = await ask(mesh, positionals[0] ?? QUESTION, lifetime, credentials);
    const flags = flagsToReach(mesh.url);
    code = showEnd(conversation, { agent: flags, mesh: flags });
    note(governedLine(await readRecord(mesh.url, conversation.task.id, credentials)));
    if (code === 0) {
      const { signal } = lifetime;
      endApproval = await showApproval(conversation.task, { client, receiver, credentials, flags, stays: !values.once, signal });
    }
    if (!lifetime.signal.aborted)
      proposeNext(values.once ? nextAfterOnce(values.fresh, code === 3) : nextWhileUp(flags, conversation.task.id));
  } catch (error) {
    if (!lifetime.signal.aborted && !(error instanceof CommandError)) {
      await mesh.stop();
      throw error;
    }
    if (error instanceof CommandError && !lifetime.signal.aborted) terminal.complain(error.message);
  }
  if (values.once || lifetime.signal.aborted) {
    await endApproval();
    receiver.close();
    await mesh.stop();
    return lifetime.signal.aborted && !values.once ? 0 : code;
  }
  note(
    `\nThe mesh stays up at ${mesh.url}; its state is ${values.fresh ? "forgotten at the end" : `in ${shown(mesh.state)}`}. Stop: Ctrl-C`,
  );
  const over = lifetime.over.then(async (why) => {
    await endApproval();
    receiver.close();
    return why;
  });
  return untilOver(mesh, over);
}

type Next = readonly (readonly [command: string, why: string])[];

async function ask(
  mesh: Mesh,
  question: string,
  lifetime: Lifetime,
  credentials: Credentials | undefined,
): Promise<{ client: AgentClient; conversation: Conversation }> {
  const { paint, note } = terminal;
  note(`\n${paint("bold", "3")}  ${paint("bold", question)}\n`);
  const client = await connect(mesh.url, credentials);
  const interactive = process.stdin.isTTY === true;
  const conversation = await converse(client, { parts: [{ text: question }] }, { interactive, signal: lifetime.signal });
  return { client, conversation };
}

function proposeNext(next: Next): void {
  const { paint, note } = terminal;
  note(`\n${paint("bold", "Try next")}`);
  for (const [command, why] of next) note(`  ${command}   ${paint("dim", `# ${why}`)}`);
}

function nextWhileUp(flags: string, taskId: string): Next {
  return [
    [`npm run call -- ${flags}"What is 15% of 2.4 GB in MB?"`, "ask something else, in another terminal"],
    [`npm run inbox${flags && ` -- ${flags.trim()}`}`, "what waits for somebody to answer or approve it"],
    [`npm run decisions -- ${flags}${taskId}`, "what governance decided in it, and on which signals"],
    [`npm run call -- ${flags}--get ${taskId} --json`, "the task as any A2A client sees it"],
    ["npm run new -- weather --apart", "write an agent of your own, and publish it to this mesh while it runs"],
  ];
}

/** The mesh is about to go: nothing can be called before it runs again. */
function nextAfterOnce(fresh: boolean, waiting: boolean): Next {
  if (waiting && fresh) return [["npm start", "without --once and --fresh, which forgets the question: ask again, and answer"]];
  const then = waiting ? "; then answer as above" : fresh ? "" : "; it still knows these documents";
  return [["npm run dev", `the mesh alone, until Ctrl-C${then}`], NEW_AGENT];
}

const NEW_AGENT = ["npm run new -- weather", "write an agent of your own"] as const;

await runCommand(start, HELP);
