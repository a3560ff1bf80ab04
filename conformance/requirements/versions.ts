/** Which version of the protocol is spoken. (A2A 1.0.1, 3.6, 14.2.1) */
import { randomUUID } from "node:crypto";
import { isObject, readReply } from "../agent.ts";
import { send } from "../exchange.ts";
import { described, hold, refused, resultOf } from "../expect.ts";
import { type Probe, trigger } from "../probe.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";

/** Reads something that is there under a version. */
async function readAs(probe: Probe, headers: Record<string, string | undefined>) {
  const { id } = await probe.finished();
  return probe.agent.call("GetTask", { id }, headers);
}

export const VERSIONS = requirements("versions", [
  {
    id: "versions.unsupported",
    section: "3.6.2",
    level: "MUST",
    title: "A version that is not spoken is VersionNotSupportedError",
    run: async (probe) => refused(await readAs(probe, { "A2A-Version": "99.0" }), "VersionNotSupportedError", probe.binding),
  },
  {
    id: "versions.minor-counts",
    section: "3.6",
    level: "MUST",
    title: "A minor version that no interface declares is VersionNotSupportedError",
    run: async (probe) => {
      if (probe.card.supportedInterfaces.some(({ protocolVersion }) => protocolVersion === "0.5"))
        throw new NotShown("the card declares 0.5");
      refused(await readAs(probe, { "A2A-Version": "0.5" }), "VersionNotSupportedError", probe.binding);
    },
  },
  {
    id: "versions.nonsense",
    section: "14.2.1",
    level: "MUST",
    title: "A version that is no Major.Minor is VersionNotSupportedError",
    run: async (probe) => refused(await readAs(probe, { "A2A-Version": "latest" }), "VersionNotSupportedError", probe.binding),
  },
  {
    id: "versions.patch-ignored",
    section: "3.6",
    level: "MUST",
    title: "A patch number does not count: 1.0.7 is 1.0",
    run: async (probe) => {
      resultOf(await readAs(probe, { "A2A-Version": "1.0.7" }), "the task");
    },
  },
  {
    id: "versions.any-case",
    section: "3.2.6",
    level: "MUST",
    title: "The name of the header counts in any case",
    run: async (probe) => {
      resultOf(await readAs(probe, { "A2A-Version": undefined, "a2a-VERSION": "1.0" }), "the task");
    },
  },
  {
    id: "versions.by-query",
    section: "3.6.1",
    level: "SHOULD",
    title: "A version may be said in a query parameter in place of the header",
    run: async (probe) => {
      const { id } = await probe.finished();
      const isRpc = probe.binding === "JSONRPC";
      const body = isRpc ? JSON.stringify({ jsonrpc: "2.0", id: 1, method: "GetTask", params: { id } }) : undefined;
      const path = `${isRpc ? "" : `/tasks/${encodeURIComponent(id)}`}?A2A-Version=1.0`;
      const reply = await probe.agent.raw(isRpc ? "POST" : "GET", path, body, { "A2A-Version": undefined });
      resultOf(reply, "the task");
    },
  },
  {
    id: "versions.none-is-0.3",
    section: "3.6.2",
    level: "MUST",
    title: "A request without a version is one of 0.3: answered so where the card declares 0.3, else VersionNotSupportedError",
    run: async (probe) => {
      const legacy = legacyUrl(probe);
      if (legacy === undefined) {
        for (const value of [undefined, ""])
          refused(await readAs(probe, { "A2A-Version": value }), "VersionNotSupportedError", probe.binding);
        return;
      }
      const reply = await legacySend(probe, legacy, {});
      const { body } = reply;
      const result = probe.binding === "JSONRPC" && isObject(body) ? body["result"] : body;
      const answered = isObject(result) ? (result["task"] ?? result["message"] ?? result) : undefined;
      if (!isObject(answered) || reply.error) throw new Failure("an answer of 0.3", described(reply));
    },
  },
  {
    id: "versions.0.3",
    section: "3.6.2",
    level: "MUST",
    title: "A request of 0.3 is answered with the semantics of 0.3 where the card declares it",
    run: async (probe) => {
      const legacy = legacyUrl(probe);
      if (legacy === undefined) throw new NotShown(`the card declares no ${probe.binding} interface of 0.3`);
      const reply = await legacySend(probe, legacy, { "A2A-Version": "0.3" });
      if (probe.binding === "JSONRPC") {
        const result = resultOf(reply, "a task of 0.3");
        hold(result["kind"] === "task" || result["kind"] === "message", 'a result with kind "task" or "message"', result);
        const status = result["status"];
        if (isObject(status)) hold(/^[a-z-]+$/.test(String(status["state"])), "a state such as completed", status);
        return;
      }
      const result = resultOf(reply, "an answer of 0.3");
      hold(isObject(result["task"]) || isObject(result["message"]) || isObject(result["msg"]), "a task or a message", result);
    },
  },
]);

function legacyUrl({ card, binding }: Probe): string | undefined {
  return card.supportedInterfaces.find((each) => each.protocolBinding === binding && each.protocolVersion.startsWith("0.3"))?.url;
}

/** A message as a client of 0.3 sends it. (A2A 0.3, 9.2 and 11.3) */
async function legacySend(probe: Probe, url: string, headers: Record<string, string>) {
  const text = trigger(probe, "text");
  const isRpc = probe.binding === "JSONRPC";
  const message = { messageId: randomUUID(), role: "user", parts: [{ kind: "text", text }], kind: "message" };
  const legacyProto = { messageId: randomUUID(), role: "ROLE_USER", content: [{ text }] };
  const body = isRpc
    ? { jsonrpc: "2.0", id: 1, method: "message/send", params: { message, configuration: { blocking: true } } }
    : { message: legacyProto, configuration: { blocking: true } };
  const target = isRpc ? url : `${url.replace(/\/$/, "")}/v1/message:send`;
  // What 1.0 calls A2A-Extensions had an X- before it.
  const { "A2A-Extensions": wanted } = probe.usual;
  const all = { "Content-Type": "application/json", ...probe.credentials, ...(wanted && { "X-A2A-Extensions": wanted }), ...headers };
  return readReply(await send({ method: "POST", url: target, headers: all, body: JSON.stringify(body) }, probe.trial), isRpc);
}
