/**
 * What a caller wishes for a task: less than the contracts allow, what matters more, and how private it is. Said beside the
 * message, by the authenticated caller: the words of a message and its own metadata are never asked. Checked here, once;
 * nothing of it can widen a limit, and nothing that is not known is passed over, because it might have been one.
 */
import * as v from "valibot";
import { UNITS } from "../budget/amount.ts";
import { LABELS } from "../contract/chain-cap.ts";
import { PREFERENCES } from "../host/governance/governor.ts";
import type { JsonObject } from "../task/a2a-types.ts";
import { GOVERNANCE_EXTENSION, type Wishes } from "../task/governance-extension.ts";
import { RequestError } from "./errors.ts";
import { isObject } from "./json-object.ts";
import { optional, parseRequest } from "./request.ts";

/** An object of these members, each of which may be left out, and of no others. */
function only<const E extends v.ObjectEntries>(entries: E) {
  const known = Object.keys(entries).join(", ");
  return v.pipe(v.unknown(), v.check(isObject, "must be an object"), v.strictObject(entries, `is not known here: there are ${known}`));
}

const most = optional(
  v.pipe(
    v.number("must be a number"),
    v.safeInteger("must be a whole number that a double can hold"),
    v.minValue(0, "must not be negative"),
  ),
);
const weight = optional(v.pipe(v.number("must be a number"), v.minValue(0, "must be from 0 to 1"), v.maxValue(1, "must be from 0 to 1")));

const wishes = only({
  limits: optional(only({ microUsd: most, tokensIn: most, tokensOut: most, calls: most, wallMs: most })),
  preferences: optional(only({ accuracy: weight, cost: weight, latency: weight })),
  label: optional(v.picklist(LABELS, `must be one of ${LABELS.join(", ")}`)),
});

/**
 * @param metadata of the request, not of its message
 * @returns undefined when the caller wishes nothing
 * @throws RequestError `invalid-params` naming each member that is wrong or unknown
 */
export function wishesIn(metadata: JsonObject | undefined): Wishes | undefined {
  const said = metadata?.[GOVERNANCE_EXTENSION];
  if (said === undefined || said === null) return undefined;
  const { limits, preferences, label } = parseRequest(wishes, said, `metadata["${GOVERNANCE_EXTENSION}"]`);
  const limited = UNITS.flatMap((unit) => (limits?.[unit] === undefined ? [] : [[unit, limits[unit]] as const]));
  const given: Wishes = {
    ...(limited.length > 0 && { limits: Object.fromEntries(limited) }),
    ...(preferences && { preferences: { ...PREFERENCES, ...definedOnly(preferences) } }),
    ...(label && { label }),
  };
  return Object.keys(given).length > 0 ? given : undefined;
}

/**
 * The rules of a task are those that it was made under: what comes later cannot change them, and must not look as if it did.
 *
 * @throws RequestError `invalid-params` for a message to a task that wishes something
 */
export function checkNoWishes(metadata: JsonObject | undefined): void {
  if (wishesIn(metadata) === undefined) return;
  const field = `metadata["${GOVERNANCE_EXTENSION}"]`;
  const description = "may come only with the message that makes a task";
  throw new RequestError(
    "invalid-params",
    `${field} ${description}: leave it out here. A task that stands at a limit says in its question how to raise it`,
    [{ field, description }],
  );
}

function definedOnly<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
}
