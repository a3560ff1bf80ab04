/**
 * Who may call, as an operator wrote it down: two variables of JSON in, a configuration or the one thing to mend out. Pure.
 * It fills in defaults that only narrow, never echoes a value (a hash or a name in a log is one too many), and refuses
 * what it does not know: a misspelt `tenant` must not open the default one.
 */
import * as v from "valibot";
import { namesThisMachine } from "../net/public-address.ts";
import { KEY_HASH, KEY_ID, type KeyRecord } from "./api-key.ts";
import { SCOPES } from "./scope.ts";

export interface Issuer {
  /** Exactly as tokens say it in `iss`. */
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Where its keys are; found by discovery when left out. */
  readonly jwksUri?: string;
  readonly algorithms: readonly string[];
  readonly tenant?: string;
  readonly tenantClaim?: string;
  readonly appClaim?: string;
  readonly scopeClaim?: string;
}

export type AuthConfiguration =
  | { readonly mode: "none" }
  | { readonly mode: "broken"; readonly problem: string }
  | { readonly mode: "required"; readonly issuers: readonly Issuer[]; readonly keys: readonly KeyRecord[] };

export interface AuthTexts {
  /** JSON: a list of issuers of tokens; see docs/authentication.md. */
  readonly AUTH_ISSUERS?: string | undefined;
  /** JSON: a list of API keys by their hashes. A secret. */
  readonly AUTH_API_KEYS?: string | undefined;
}

/** Signatures that only the issuer can make. "none" and the HS family, which whoever verifies could forge, are not among them. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const;
const DEFAULT_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"] as const;
/** The one caller of a mesh without authentication is called so: nobody who was configured may be taken for it. */
const LOCAL = "local";
export const LONGEST_NAME = 200;

const name = v.pipe(
  v.string("must be a text"),
  v.regex(/^[^\s\p{Cc}]+$/u, "must be a name without spaces"),
  v.maxLength(LONGEST_NAME, `must have at most ${LONGEST_NAME} characters`),
  v.check((text) => text.isWellFormed(), "must be well-formed Unicode"),
);
const callerName = v.pipe(
  name,
  v.check((text) => text !== LOCAL, `must not be "${LOCAL}", which is the caller of a mesh without authentication`),
);
/** Keys that travel in the clear could be anybody's; on one's own machine nobody is in between. */
const address = v.pipe(
  name,
  v.check((text) => isSafe(text), "must be an https URL without user, query and fragment (http only on a loopback address)"),
);
const atLeastOne = <const S extends v.GenericSchema>(item: S) =>
  v.pipe(v.array(item, "must be a list"), v.minLength(1, "must not be empty"));

const issuer = v.strictObject({
  issuer: address,
  audience: v.union(
    [
      v.pipe(
        name,
        v.transform((one): string[] => [one]),
      ),
      atLeastOne(name),
    ],
    "must be a text or a list of texts",
  ),
  jwksUri: v.exactOptional(
    v.pipe(
      name,
      v.check((text) => isSafe(text, { query: true }), "must be an https URL (http only on a loopback address)"),
    ),
  ),
  algorithms: v.optional(atLeastOne(v.picklist(ALGORITHMS, `must be among ${ALGORITHMS.join(", ")}`)), [...DEFAULT_ALGORITHMS]),
  tenant: v.exactOptional(name),
  tenantClaim: v.exactOptional(name),
  appClaim: v.exactOptional(name),
  scopeClaim: v.exactOptional(name),
});

const key = v.pipe(
  v.strictObject({
    id: v.pipe(v.string("must be a text"), v.regex(KEY_ID, "must be 8 hexadecimal digits, as npm run key prints it")),
    hash: v.pipe(v.string("must be a text"), v.regex(KEY_HASH, "must be a SHA-256 in base64url, as npm run key prints it")),
    tenant: name,
    app: callerName,
    subject: v.exactOptional(callerName),
    scopes: v.array(v.picklist(SCOPES, `must be among ${SCOPES.join(", ")}`), "must be a list"),
    expires: v.exactOptional(v.pipe(v.string("must be a text"), v.isoTimestamp("must be a time such as 2030-01-31T00:00:00Z"))),
  }),
  // A key stands for an app: keys of one app are one caller, so that its tasks stay its own when the key is changed.
  v.transform(({ subject, expires, ...rest }) => ({
    ...rest,
    subject: subject ?? rest.app,
    ...(expires !== undefined && { expires: Date.parse(expires) }),
  })),
);

const issuers = v.pipe(
  v.array(issuer, "must be a list"),
  v.check((all) => unique(all.map((each) => each.issuer)), "names one issuer twice: put its audiences into one entry"),
  v.check(
    (all) => all.every((each) => each.tenant === undefined || each.tenantClaim === undefined),
    "has an issuer with both tenant and tenantClaim: keep one",
  ),
);
const keys = v.pipe(
  v.array(key, "must be a list"),
  v.check((all) => unique(all.map((each) => each.id)), "has one id twice: make one of the two keys anew"),
);

/** Both variables are read before anyone is let in: half a configuration would be one that nobody wrote. */
export function readConfiguration({ AUTH_ISSUERS, AUTH_API_KEYS }: AuthTexts): AuthConfiguration {
  if (isUnset(AUTH_ISSUERS) && isUnset(AUTH_API_KEYS)) return { mode: "none" };
  const tokens = read("AUTH_ISSUERS", AUTH_ISSUERS, issuers);
  if ("problem" in tokens) return { mode: "broken", problem: tokens.problem };
  const records = read("AUTH_API_KEYS", AUTH_API_KEYS, keys);
  if ("problem" in records) return { mode: "broken", problem: records.problem };
  if (tokens.value.length + records.value.length === 0)
    return {
      mode: "broken",
      problem: "AUTH_ISSUERS and AUTH_API_KEYS are both empty lists, so nobody could call: name an issuer or a key",
    };
  return { mode: "required", issuers: tokens.value, keys: records.value };
}

function read<T>(variable: string, text: unknown, schema: v.GenericSchema<unknown, T[]>): { value: T[] } | { problem: string } {
  if (isUnset(text)) return { value: [] };
  let json: unknown;
  try {
    json = JSON.parse(String(text));
  } catch {
    // The parser's own words would quote what is there.
    return { problem: `${variable} is no JSON: write a list such as [{ … }], with double quotes` };
  }
  const result = v.safeParse(schema, json);
  if (result.success) return { value: result.output };
  // What was misspelt first: it is also what is missing, and the misspelling is what the reader has to find.
  const issue = result.issues.find(isUnknownField) ?? result.issues[0];
  const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key).slice(0, 40)}`)).join("");
  return { problem: `${variable}${path} ${ruleOf(issue)}` };
}

function ruleOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== "strict_object") return issue.message;
  if (isUnknownField(issue)) return "is no field that is known here: correct its name, or take it out";
  return issue.input === undefined ? "is missing" : "must be an object";
}

function isUnknownField(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === "strict_object" && issue.expected === "never";
}

function isUnset(text: unknown): boolean {
  return text === undefined || text === null || (typeof text === "string" && text.trim() === "");
}

function unique(all: readonly string[]): boolean {
  return new Set(all).size === all.length;
}

/** @returns whether keys may be fetched from there */
export function isSafe(text: string, { query = false }: { query?: boolean } = {}): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  const { protocol, username, password, search, hash } = url;
  if (username + password + hash !== "" || (search !== "" && !query)) return false;
  return protocol === "https:" || (protocol === "http:" && namesThisMachine(url));
}
