/** What every error says. (A2A 1.0.1, 3.3.2, 5.4, 9.5, 11.6) */
import { randomUUID } from "node:crypto";
import type { Json } from "../../shared/task/a2a-types.ts";
import { isObject, type Reply } from "../agent.ts";
import { BAD_REQUEST, ERROR_DOMAIN, ERROR_INFO, ERRORS, type ErrorName } from "../error-table.ts";
import { described, errorInfo, hold } from "../expect.ts";
import { message, type Probe } from "../probe.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";

/** Errors that every agent can be brought to, whatever it does. */
async function provoked(probe: Probe): Promise<[ErrorName, Reply][]> {
  const { id } = await probe.finished();
  const toEnded = { message: message(probe, "more", { taskId: id }) };
  return [
    ["TaskNotFoundError", await probe.agent.call("GetTask", { id: randomUUID() })],
    ["TaskNotCancelableError", await probe.agent.call("CancelTask", { id })],
    ["UnsupportedOperationError", await probe.agent.call("SendMessage", toEnded)],
    ["VersionNotSupportedError", await probe.agent.call("GetTask", { id }, { "A2A-Version": "99.0" })],
  ];
}

/** Whether it is refused at all is the validation's question. */
async function invalid(probe: Probe): Promise<Reply> {
  const { messageId: _, ...nameless } = message(probe, "", { parts: [] });
  const reply = await probe.agent.call("SendMessage", { message: nameless });
  if (!reply.error) throw new NotShown("a message without messageId and parts is not refused");
  return reply;
}

function detailsOf(reply: Reply): Json[] {
  const details = reply.error?.details;
  if (details !== undefined && !Array.isArray(details)) throw new Failure("details as a list", described(reply));
  return details ?? [];
}

function checkInfo(reply: Reply, name: ErrorName): void {
  const info = errorInfo(reply.error?.details);
  const isRight = info?.["reason"] === ERRORS[name].reason && info["domain"] === ERROR_DOMAIN;
  if (!isRight) throw new Failure(`${ERROR_INFO} with the reason ${ERRORS[name].reason} and the domain ${ERROR_DOMAIN}`, described(reply));
}

export const ERRORS_THEME = requirements("errors", [
  {
    id: "errors.code-and-message",
    section: "3.3.2",
    level: "MUST",
    title: "Every error has a code and words for people",
    run: async (probe) => {
      for (const [, reply] of [...(await provoked(probe)), ["invalid", await invalid(probe)] as const]) {
        const { code, message: words } = reply.error ?? {};
        const isSaid = typeof code === "number" && typeof words === "string" && words.trim() !== "";
        if (!isSaid) throw new Failure("an error with a numeric code and a message", described(reply));
      }
    },
  },
  {
    id: "errors.code-of-table",
    section: "5.4",
    level: "MUST",
    title: "Each error of A2A has the code of the table: of JSON-RPC, or the HTTP status",
    run: async (probe) => {
      for (const [name, reply] of await provoked(probe)) {
        const { code, http } = ERRORS[name];
        const is = probe.binding === "JSONRPC" ? reply.error?.code : reply.http.status;
        hold(
          is === (probe.binding === "JSONRPC" ? code : http),
          `${name} as ${probe.binding === "JSONRPC" ? code : http}`,
          described(reply),
        );
      }
    },
  },
  {
    id: "errors.error-info",
    section: "11.6",
    level: "MUST",
    title: "Over HTTP+JSON each error of A2A carries ErrorInfo with its reason and the domain a2a-protocol.org",
    bindings: ["HTTP+JSON"],
    run: async (probe) => {
      for (const [name, reply] of await provoked(probe)) checkInfo(reply, name);
    },
  },
  {
    id: "errors.error-info-json-rpc",
    section: "9.5",
    level: "SHOULD",
    title: "Over JSON-RPC each error of A2A carries ErrorInfo with its reason and the domain a2a-protocol.org",
    bindings: ["JSONRPC"],
    run: async (probe) => {
      for (const [name, reply] of await provoked(probe)) checkInfo(reply, name);
    },
  },
  {
    id: "errors.typed-details",
    section: "3.3.2",
    level: "MUST",
    title: "Each object among an error's details says its @type",
    run: async (probe) => {
      for (const [, reply] of [...(await provoked(probe)), ["invalid", await invalid(probe)] as const])
        for (const detail of detailsOf(reply)) hold(isObject(detail) && typeof detail["@type"] === "string", "an @type", detail);
    },
  },
  {
    id: "errors.field-violations",
    section: "3.3.2",
    level: "SHOULD",
    title: "A refusal of wrong parameters names them, as google.rpc.BadRequest",
    run: async (probe) => {
      const reply = await invalid(probe);
      const violations = detailsOf(reply)
        .filter(isObject)
        .filter((detail) => detail["@type"] === BAD_REQUEST)
        .flatMap((detail) => (Array.isArray(detail["fieldViolations"]) ? detail["fieldViolations"].filter(isObject) : []));
      const named = violations.some(
        ({ field, description }) => /(^|\.)(parts|messageId)$/.test(String(field)) && String(description) !== "",
      );
      if (!named) throw new Failure(`${BAD_REQUEST} with the field message.parts or message.messageId and a description`, described(reply));
    },
  },
  {
    id: "errors.tell-no-inside",
    section: "3.3.2",
    level: "SHOULD",
    title: "Errors show no stack and no files of the server",
    run: async (probe) => {
      const replies = [...(await provoked(probe)).map(([, reply]) => reply), await invalid(probe)];
      for (const { http } of replies) {
        const isInside = /\bat .*(?:file:|\/[\w.-]+)+:\d+|Traceback \(most recent|\.java:\d+\)/.test(http.text);
        hold(!isInside, "words for whoever calls", http.text);
      }
    },
  },
]);
