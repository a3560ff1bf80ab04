/**
 * What a card says about its skills beyond the protocol, in the parameters of our extension: `{ "skills": { "<id>": { "readOnly":
 * true, "price": 1000, "byName": true, "reversible": false, "blast": 1, "compliance": "none", "kind": "message" } } }`. Claims, all
 * of them: a claim that is none is passed over, and what is left out counts as the worse where it is judged. Pure.
 */
import { type AgentCard, isObject } from "./a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "./governance-extension.ts";

export interface SkillFacts {
  /** It changes nothing: asking twice does no harm. */
  readonly readOnly: boolean;
  /** Micro-USD of one call. */
  readonly price?: number;
  /** It is for whoever names it: no planner gives it a goal that was said in words. */
  readonly byName?: true;
  readonly risk: Risk;
}

/** How risky an action is, as far as somebody said. */
export interface Risk {
  readonly reversible?: boolean;
  /** How many people or records it reaches. */
  readonly blast?: number;
  readonly compliance?: (typeof COMPLIANCE)[number];
  readonly kind?: (typeof KINDS)[number];
  /** How sure the agent is that the action is right, 0..1. */
  readonly confidence?: number;
}

const COMPLIANCE = ["none", "pii", "financial", "regulated"] as const;
const KINDS = ["money", "message", "other"] as const;

/** @returns what the card says of each of its skills it says something of */
export function skillFactsIn({ capabilities }: Pick<AgentCard, "capabilities">): ReadonlyMap<string, SkillFacts> {
  const params = capabilities.extensions?.find(({ uri }) => uri === GOVERNANCE_EXTENSION)?.params;
  const skills = isObject(params?.["skills"]) ? params["skills"] : {};
  return new Map(Object.entries(skills).flatMap(([id, said]) => (isObject(said) ? [[id, factsIn(said)] as const] : [])));
}

function factsIn(said: Readonly<Record<string, unknown>>): SkillFacts {
  const { readOnly, price, reversible, blast } = said;
  const compliance = COMPLIANCE.find((each) => each === said["compliance"]);
  const kind = KINDS.find((each) => each === said["kind"]);
  return {
    readOnly: readOnly === true,
    ...(isCount(price) && { price }),
    ...(said["byName"] === true && { byName: true }),
    risk: {
      ...(typeof reversible === "boolean" && { reversible }),
      ...(isCount(blast) && { blast }),
      ...(compliance !== undefined && { compliance }),
      ...(kind !== undefined && { kind }),
    },
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
