/** An agent of several bindings is one agent. (A2A 1.0.1, 5.1) */
import { randomUUID } from "node:crypto";
import { isTerminal } from "../../shared/task/a2a-types.ts";
import type { Reply } from "../agent.ts";
import { errorInfo, gotTask, hold, resultOf, sentTask } from "../expect.ts";
import { message, type Probe, trigger } from "../probe.ts";
import { BINDINGS, NotShown, requirements } from "../requirement.ts";

const both = (probe: Probe) => BINDINGS.map((binding) => probe.over(binding)) as [ReturnType<Probe["over"]>, ReturnType<Probe["over"]>];

async function sentOver(probe: Probe, at: 0 | 1, text: string) {
  return sentTask(await both(probe)[at].call("SendMessage", { message: message(probe, text) }));
}

/** JSON without the order of its fields. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner,
  );

export const EQUIVALENCE = requirements("equivalence", [
  {
    id: "equivalence.same-task",
    section: "5.1",
    level: "MUST",
    title: "A task made over one binding is the same over the other",
    bindings: [],
    run: async (probe) => {
      for (const at of [0, 1] as const) {
        const { id } = await sentOver(probe, at, trigger(probe, "text"));
        const [one, two] = await Promise.all(both(probe).map(async (agent) => gotTask(await agent.call("GetTask", { id }))));
        hold(plain(one) === plain(two), `over HTTP+JSON what JSON-RPC gives: ${plain(one)}`, plain(two));
      }
    },
  },
  {
    id: "equivalence.same-list",
    section: "5.1",
    level: "MUST",
    title: "A list is the same over both bindings",
    bindings: [],
    run: async (probe) => {
      const { contextId } = await sentOver(probe, 0, trigger(probe, "text"));
      const params = { contextId, includeArtifacts: true, historyLength: 1 };
      const [one, two] = await Promise.all(both(probe).map(async (agent) => resultOf(await agent.call("ListTasks", params))));
      hold(plain(one) === plain(two), `over HTTP+JSON what JSON-RPC gives: ${plain(one)}`, plain(two));
    },
  },
  {
    id: "equivalence.goes-on",
    section: "5.1",
    level: "MUST",
    title: "A task that asks over one binding is answered over the other",
    bindings: [],
    run: async (probe) => {
      const { answer } = probe.triggers;
      if (answer === undefined) throw new NotShown('needs the answer to the agent\'s question: --answer "…"');
      const { id, status } = await sentOver(probe, 0, trigger(probe, "ask"));
      if (status.state !== "TASK_STATE_INPUT_REQUIRED") throw new NotShown(`needs a text that leads to a question, not to ${status.state}`);
      const task = sentTask(await both(probe)[1].call("SendMessage", { message: message(probe, answer, { taskId: id }) }));
      hold(task.id === id && isTerminal(task.status.state), `the task ${id}, ended`, task as never);
    },
  },
  {
    id: "equivalence.same-errors",
    section: "5.1",
    level: "MUST",
    title: "The same mistake is the same error over both bindings",
    bindings: [],
    run: async (probe) => {
      const { id } = await sentOver(probe, 0, trigger(probe, "text"));
      const reasonOf = ({ error }: Reply) => errorInfo(error?.details)?.["reason"] ?? "none";
      const mistakes = [
        ["GetTask", { id: randomUUID() }, {}],
        ["CancelTask", { id }, {}],
        ["SendMessage", { message: message(probe, "more", { taskId: id }) }, {}],
        ["GetTask", { id }, { "A2A-Version": "99.0" }],
      ] as const;
      for (const [operation, params, headers] of mistakes) {
        const [one, two] = await Promise.all(both(probe).map(async (agent) => reasonOf(await agent.call(operation, params, headers))));
        hold(one === two && one !== "none", `over HTTP+JSON the reason that JSON-RPC gives for ${operation}: ${String(one)}`, two);
      }
    },
  },
  {
    id: "equivalence.same-extended-card",
    section: "5.1",
    level: "MUST",
    title: "The extended card is the same over both bindings",
    bindings: [],
    run: async (probe) => {
      if (probe.card.capabilities.extendedAgentCard !== true) throw new NotShown("the card does not declare extendedAgentCard");
      const [one, two] = await Promise.all(
        both(probe).map(async (agent) => {
          const { signatures: _, ...content } = resultOf(await agent.call("GetExtendedAgentCard"));
          return content;
        }),
      );
      hold(plain(one) === plain(two), `over HTTP+JSON what JSON-RPC gives: ${plain(one)}`, plain(two));
    },
  },
]);
