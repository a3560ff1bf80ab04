/** The agent card: where it is, what must be in it, and that it is true. (A2A 1.0.1, 4.4, 4.5, 5.5, 8, 14.3) */
import { randomUUID } from "node:crypto";
import type { Json } from "../../shared/task/a2a-types.ts";
import { isObject } from "../agent.ts";
import { send } from "../exchange.ts";
import { described, hold } from "../expect.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";
import { agentCard, violations } from "../schema.ts";

const CORE_BINDINGS = ["JSONRPC", "GRPC", "HTTP+JSON"];
const SCHEME_FORMS = [
  "apiKeySecurityScheme",
  "httpAuthSecurityScheme",
  "oauth2SecurityScheme",
  "openIdConnectSecurityScheme",
  "mtlsSecurityScheme",
];
const MEDIA_TYPE = /^[\w*][\w.+-]*\/[\w*][\w.+*-]*(\s*;.*)?$/;

export const CARD = requirements("card", [
  {
    id: "card.is-there",
    section: "14.3",
    level: "MUST",
    title: "The card is served as JSON at its well-known address, without asking who is there or which version",
    bindings: [],
    run: async ({ seen, trial }) => {
      const answer = await send({ method: "GET", url: seen.url, headers: {} }, trial);
      hold(answer.status === 200, "HTTP 200", `HTTP ${answer.status}`);
      const type = answer.headers.get("Content-Type") ?? "none";
      hold(/^application\/(a2a\+)?json\b/.test(type), "a JSON content type", type);
    },
  },
  {
    id: "card.required-fields",
    section: "4.4.1",
    level: "MUST",
    title: "The card has every required field of AgentCard, each of the right type",
    bindings: [],
    run: async ({ card }) => {
      const wrong = violations(agentCard, card);
      hold(wrong.length === 0, "a valid AgentCard", wrong.join("; "));
    },
  },
  {
    id: "card.camel-case",
    section: "5.5",
    level: "MUST",
    title: "The card's field names are camelCase",
    bindings: [],
    run: async ({ card }) => {
      const snake = snakeNames(card as never);
      hold(snake.length === 0, "no name with an underscore", snake);
    },
  },
  {
    id: "card.speaks-one",
    section: "8.3.1",
    level: "MUST",
    title: "The card declares an interface of A2A 1.0",
    bindings: [],
    run: async ({ card }) => {
      const versions = card.supportedInterfaces.map(({ protocolVersion }) => protocolVersion);
      hold(
        versions.some((version) => String(version).startsWith("1.")),
        "an interface with protocolVersion 1.0",
        versions,
      );
    },
  },
  {
    id: "card.version-form",
    section: "3.6",
    level: "SHOULD",
    title: "Interfaces say their protocol version as Major.Minor, without a patch number",
    bindings: [],
    run: async ({ card }) => {
      const wrong = card.supportedInterfaces.map(({ protocolVersion }) => protocolVersion).filter((version) => !/^\d+\.\d+$/.test(version));
      hold(wrong.length === 0, "versions such as 1.0", wrong);
    },
  },
  {
    id: "card.interface-urls",
    section: "8.3.1",
    level: "MUST",
    title: "Each interface has an absolute URL",
    bindings: [],
    run: async ({ card }) => {
      const wrong = card.supportedInterfaces.filter(({ url }) => !URL.canParse(url)).map(({ url }) => url);
      hold(wrong.length === 0, "absolute URLs", wrong);
    },
  },
  {
    id: "card.interface-is-true",
    section: "8.3.1",
    level: "MUST",
    title: "The URL of an interface speaks the binding that is declared for it",
    run: async ({ agent, binding }) => {
      const reply = await agent.call("GetTask", { id: randomUUID() });
      const isRpc = isObject(reply.body) && reply.body["jsonrpc"] === "2.0";
      const speaks = binding === "JSONRPC" ? isRpc : reply.error !== undefined && !isRpc;
      if (!speaks) throw new Failure(`an answer in ${binding}`, described(reply));
    },
  },
  {
    id: "card.binding-names",
    section: "5.8",
    level: "SHOULD",
    title: "A binding is one of the three of the specification, or named by a URI",
    bindings: [],
    run: async ({ card }) => {
      const names = card.supportedInterfaces.map(({ protocolBinding }) => protocolBinding);
      const wrong = names.filter((name) => !CORE_BINDINGS.includes(name) && !URL.canParse(name));
      hold(wrong.length === 0, `${CORE_BINDINGS.join(", ")} or a URI`, wrong);
    },
  },
  {
    id: "card.https",
    section: "7.1",
    level: "MUST",
    title: "Interfaces that are not on this machine are reached by HTTPS",
    bindings: [],
    run: async ({ card }) => {
      const away = card.supportedInterfaces.filter(
        ({ url }) => URL.canParse(url) && !/^(localhost|127\.|\[::1\])/.test(new URL(url).hostname),
      );
      if (away.length === 0) throw new NotShown("every interface is on this machine");
      const wrong = away.filter(({ url }) => new URL(url).protocol !== "https:").map(({ url }) => url);
      hold(wrong.length === 0, "https URLs", wrong);
    },
  },
  {
    id: "card.hsts",
    section: "13.4",
    level: "SHOULD",
    title: "What is served by HTTPS says so for the future: Strict-Transport-Security",
    bindings: [],
    run: async ({ seen, trial }) => {
      if (new URL(seen.url).protocol !== "https:") throw new NotShown("the card is not served by HTTPS");
      const { headers } = await send({ method: "GET", url: seen.url, headers: {} }, trial);
      hold(headers.has("Strict-Transport-Security"), "Strict-Transport-Security", [...headers.keys()]);
    },
  },
  {
    id: "card.skill-ids",
    section: "4.4.5",
    level: "MUST",
    title: "Each skill has an id of its own",
    bindings: [],
    run: async ({ card }) => {
      const ids = card.skills.map(({ id }) => id);
      hold(new Set(ids).size === ids.length, "ids without repeats", ids);
    },
  },
  {
    id: "card.media-types",
    section: "4.4.1",
    level: "SHOULD",
    title: "Input and output modes are media types",
    bindings: [],
    run: async ({ card }) => {
      const ofSkills = card.skills.flatMap(({ inputModes = [], outputModes = [] }) => [...inputModes, ...outputModes]);
      const wrong = [...card.defaultInputModes, ...card.defaultOutputModes, ...ofSkills].filter((mode) => !MEDIA_TYPE.test(mode));
      hold(wrong.length === 0, "media types such as text/plain", wrong);
    },
  },
  {
    id: "card.security-schemes",
    section: "4.5.1",
    level: "MUST",
    title: "Each security scheme has exactly one of the five forms, and each requirement names schemes that are there",
    bindings: [],
    run: async ({ card }) => {
      const { securitySchemes = {}, securityRequirements = [] } = card;
      if (Object.keys(securitySchemes).length === 0 && securityRequirements.length === 0)
        throw new NotShown("the card declares no security");
      for (const [name, scheme] of Object.entries(securitySchemes))
        hold(SCHEME_FORMS.filter((form) => form in scheme).length === 1, `one form for the scheme ${name}`, scheme);
      for (const { schemes } of securityRequirements)
        for (const name of Object.keys(isObject(schemes) ? schemes : {}))
          hold(name in securitySchemes, `a scheme called ${name}`, Object.keys(securitySchemes));
    },
  },
]);

/** Names of fields; what somebody else named, such as a scheme or what an extension keeps, is theirs. */
const NAMED_BY_OTHERS = new Set(["securitySchemes", "params", "metadata", "schemes", "scopes", "header"]);

function snakeNames(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(snakeNames);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const own = name.includes("_") ? [name] : [];
    if (!NAMED_BY_OTHERS.has(name)) return [...own, ...snakeNames(inner)];
    return name === "securitySchemes" && isObject(inner) ? [...own, ...Object.values(inner).flatMap(snakeNames)] : own;
  });
}
