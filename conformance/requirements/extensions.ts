/** Extensions: asked for, echoed, required. (A2A 1.0.1, 3.2.6, 3.3.4, 4.6) */
import type { AgentExtension } from "../../shared/task/a2a-types.ts";
import { hold, refused, resultOf } from "../expect.ts";
import { message, type Probe, trigger } from "../probe.ts";
import { NotShown, requirements } from "../requirement.ts";

const UNKNOWN = "urn:example:ext:nobody-has-this:v1";

const declared = ({ card }: Probe): readonly AgentExtension[] => card.capabilities?.extensions ?? [];

/** All that must be asked for, and what else is wanted. */
function asking(probe: Probe, more: readonly string[]) {
  const required = declared(probe).filter((each) => each.required === true);
  return { "A2A-Extensions": [...new Set([...required.map(({ uri }) => uri), ...more])].join(",") };
}

async function echoFor(probe: Probe, wanted: readonly string[]): Promise<string[]> {
  const { id } = await probe.finished();
  const reply = await probe.agent.call("GetTask", { id }, asking(probe, wanted));
  resultOf(reply, "the task");
  return (reply.http.headers.get("A2A-Extensions") ?? "").split(",").map((uri) => uri.trim());
}

export const EXTENSIONS = requirements("extensions", [
  {
    id: "extensions.unknown-ignored",
    section: "4.6.3",
    level: "SHOULD",
    title: "An extension that the agent does not have is passed over",
    run: async (probe) => {
      const echoed = await echoFor(probe, [UNKNOWN]);
      hold(!echoed.includes(UNKNOWN), `no ${UNKNOWN} in A2A-Extensions`, echoed);
    },
  },
  {
    id: "extensions.echoed",
    section: "3.2.6",
    level: "SHOULD",
    title: "Extensions that were asked for and are supported are named in the answer's A2A-Extensions",
    run: async (probe) => {
      const uris = declared(probe).map(({ uri }) => uri);
      if (uris.length === 0) throw new NotShown("the card declares no extensions");
      const echoed = await echoFor(probe, [UNKNOWN, ...uris]);
      const missing = uris.filter((uri) => !echoed.includes(uri));
      hold(missing.length === 0, `A2A-Extensions: ${uris.join(",")}`, echoed);
    },
  },
  {
    id: "extensions.in-messages",
    section: "4.6.2",
    level: "SHOULD",
    title: "A message may carry metadata of an extension that the agent does not have",
    run: async (probe) => {
      const carrying = message(probe, trigger(probe, "text"), { extensions: [UNKNOWN], metadata: { [UNKNOWN]: { some: "thing" } } });
      resultOf(await probe.agent.call("SendMessage", { message: carrying }), "the message taken");
    },
  },
  {
    id: "extensions.required",
    section: "3.3.4",
    level: "MUST",
    title: "A request that does not ask for a required extension is ExtensionSupportRequiredError",
    run: async (probe) => {
      if (!declared(probe).some(({ required }) => required === true)) throw new NotShown("the card requires no extension");
      const params = { message: message(probe, trigger(probe, "text")) };
      refused(
        await probe.agent.call("SendMessage", params, { "A2A-Extensions": undefined }),
        "ExtensionSupportRequiredError",
        probe.binding,
      );
      const other = await probe.agent.call("SendMessage", params, { "A2A-Extensions": UNKNOWN });
      refused(other, "ExtensionSupportRequiredError", probe.binding);
    },
  },
  {
    id: "extensions.required-and-asked-for",
    section: "3.3.4",
    level: "MUST",
    title: "A request that asks for every required extension is taken",
    run: async (probe) => {
      if (!declared(probe).some(({ required }) => required === true)) throw new NotShown("the card requires no extension");
      const params = { message: message(probe, trigger(probe, "text")) };
      resultOf(await probe.agent.call("SendMessage", params, asking(probe, [UNKNOWN])), "the message taken");
    },
  },
]);
