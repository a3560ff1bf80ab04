/**
 * What a card is held to before it is listed, beyond its form: that it can be called as it says, that it is of a size that people
 * and machines read, and that it shows what it says. Pure; whether a card is true is measured elsewhere.
 */
import type { AgentCard, AgentInterface } from "../task/a2a-types.ts";
import { HITL_EXTENSION } from "../task/hitl-extension.ts";
import type { Check } from "./api.ts";
import { firstTooLong, firstTooMany, MOST_SKILLS, repeated, textsOf } from "./card-sizes.ts";
import { whyDeceiving } from "./deceiving-text.ts";
import { isSemantic } from "./versions.ts";

/** What does not hold of a card; `why` is a sentence that says what to do. */
export interface Breach extends Check {
  readonly why: string;
}

/** The binding and version that the mesh speaks with agents it knows by their address. */
const BINDING = "JSONRPC";
const VERSION = "1.0";

interface Rule extends Check {
  /** @returns what is wrong and what to do, and where it is not the rule's own field, in which */
  readonly broken: (card: AgentCard, url: string) => string | { readonly field: string; readonly why: string } | undefined;
}

/** In this order: sizes first, so that nothing after works on more than fits. */
const RULES: readonly Rule[] = [
  {
    field: "skills",
    rule: `are at most ${MOST_SKILLS}`,
    broken: ({ skills }) =>
      skills.length > MOST_SKILLS
        ? `the card has ${skills.length} skills: publish them as several agents, or keep those that differ`
        : undefined,
  },
  {
    field: "skills",
    rule: "have ids that differ in more than capitals",
    broken: ({ skills }) => {
      const twice = repeated(skills.map(({ id }) => id.toLowerCase()));
      return twice === undefined ? undefined : `the id "${twice.slice(0, 100)}" is there twice: rename one of the two`;
    },
  },
  { field: "card", rule: "has texts of a length that is read", broken: firstTooLong },
  { field: "card", rule: "has lists of a length that is read", broken: firstTooMany },
  {
    field: "version",
    rule: "is a semantic version",
    broken: ({ version }) =>
      isSemantic(version) ? undefined : `"${version}" is none: write it as three numbers, such as 1.0.0 (semver.org)`,
  },
  {
    field: "supportedInterfaces",
    rule: "are where the card is",
    broken: ({ supportedInterfaces }, url) => {
      const elsewhere = supportedInterfaces.findIndex((each) => URL.parse(each.url)?.origin !== new URL(url).origin);
      if (elsewhere < 0) return undefined;
      return {
        field: `supportedInterfaces[${elsewhere}].url`,
        why: `it is not at ${new URL(url).origin}, where the card is: serve both from there`,
      };
    },
  },
  {
    field: "supportedInterfaces",
    rule: `have JSON-RPC of A2A ${VERSION}`,
    broken: ({ supportedInterfaces }) =>
      interfaceOf(supportedInterfaces)
        ? undefined
        : `none has protocolBinding "${BINDING}" and protocolVersion "${VERSION}" without a tenant: the mesh speaks that one, so add it`,
  },
  {
    field: "securityRequirements",
    rule: "are none",
    broken: ({ securityRequirements = [] }) =>
      securityRequirements.length === 0
        ? undefined
        : "the agent asks for credentials, and the mesh has none for it yet: let it answer without them, and verify the envelope that the mesh sends",
  },
  {
    field: "capabilities.extensions",
    rule: "are not required, but for those that the mesh activates",
    broken: ({ capabilities }) => {
      const required = capabilities.extensions?.find((each) => each.required === true && each.uri !== HITL_EXTENSION);
      return required ? `${shown(required.uri)} is required, and the mesh would be refused without it: make it optional` : undefined;
    },
  },
  {
    field: "defaultOutputModes",
    rule: "are media types that an answer can have",
    broken: ({ defaultOutputModes, skills }) => {
      const lists = [
        ["defaultOutputModes", defaultOutputModes] as const,
        ...skills.map((each, at) => [`skills[${at}].outputModes`, each.outputModes] as const),
      ];
      const [field, modes] = lists.find(([, all]) => all?.some((mode) => mode.includes("*"))) ?? [];
      return field && modes
        ? {
            field,
            why: `an answer is of one type, and no pattern such as ${shown(modes.find((mode) => mode.includes("*")))}: name the types`,
          }
        : undefined;
    },
  },
  { field: "card", rule: "has web addresses for people to open", broken: firstUnsafeLink },
  {
    field: "card",
    rule: "shows what it says",
    broken: (card) => {
      for (const [field, text] of textsOf(card)) {
        const why = whyDeceiving(text);
        if (why !== undefined) return { field, why: `it ${why}` };
      }
      return undefined;
    },
  },
];

/** What every card is held to, for whoever wants to show it. */
export const CARD_CHECKS: readonly Check[] = RULES.map(({ field, rule }) => ({ field, rule }));

/**
 * @param url where the card is, absolute
 * @returns the first rule that does not hold
 */
export function firstBreach(card: AgentCard, url: string): Breach | undefined {
  for (const { field, rule, broken } of RULES) {
    const found = broken(card, url);
    if (found !== undefined) return typeof found === "string" ? { field, rule, why: found } : { rule, ...found };
  }
  return undefined;
}

/** The interface that the mesh speaks: the first it can. A tenant would have to be named in each request. (A2A 1.0.1, 8.3.2) */
export function interfaceOf(interfaces: readonly AgentInterface[]): AgentInterface | undefined {
  return interfaces.find(
    ({ protocolBinding, protocolVersion, tenant = "" }) => protocolBinding === BINDING && protocolVersion === VERSION && tenant === "",
  );
}

/** People click on what a list shows them. */
function firstUnsafeLink({ documentationUrl, iconUrl, provider }: AgentCard) {
  const links = { documentationUrl, iconUrl, "provider.url": provider?.url };
  for (const [field, link] of Object.entries(links))
    if (link !== undefined && link !== "" && !/^https?:$/.test(URL.parse(link)?.protocol ?? ""))
      return { field, why: `${shown(link)} is no web address: write it in full, with https://` };
  return undefined;
}

function shown(text: string | undefined): string {
  return JSON.stringify((text ?? "").slice(0, 100));
}
