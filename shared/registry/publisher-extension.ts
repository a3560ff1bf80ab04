/**
 * Who may publish a card, as the card says itself, as an A2A extension: `params` `{ "publishers": ["<tenant>/<app>/<subject>"] }`.
 * Whoever runs an agent signs its card, and so nobody else publishes it in his place. Pure.
 */
import { type AgentCard, isObject } from "../task/a2a-types.ts";
import type { Breach } from "./card-rules.ts";

const PUBLISHER_EXTENSION = "urn:skein:ext:publisher:v1";

/**
 * @param publisher each part percent-encoded, as authenticated
 * @returns why it may not be published by them; undefined when it may, or the card leaves it to everybody
 */
export function whyNotPublisher({ capabilities }: AgentCard, publisher: string): Breach | undefined {
  const at = capabilities.extensions?.findIndex(({ uri }) => uri === PUBLISHER_EXTENSION) ?? -1;
  if (at < 0) return undefined;
  const field = `capabilities.extensions[${at}].params`;
  const publishers = publishersIn(capabilities.extensions?.[at]?.params);
  if (publishers === undefined)
    return {
      field,
      rule: "name publishers",
      why: `they are of another form: write { "publishers": ["${publisher}"] }, or leave the extension out`,
    };
  if (publishers.includes(publisher)) return undefined;
  return {
    field,
    rule: "name whoever publishes the card",
    why: `whoever runs the agent lets only others publish it, and you are "${publisher}": ask them to add you, or to publish it`,
  };
}

function publishersIn(params: unknown): readonly string[] | undefined {
  const said = isObject(params) ? params["publishers"] : undefined;
  return Array.isArray(said) && said.length > 0 && said.every((each) => typeof each === "string") ? said : undefined;
}
