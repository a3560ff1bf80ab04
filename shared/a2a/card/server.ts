/**
 * Serving an agent's cards and the keys they are signed with: at their own URLs, in the version that is asked for, with an
 * ETag and conditional requests. A card that would be untrue, or should be signed and cannot be, is not served. (A2A 1.0.1, 8
 * and 13.3)
 */
import { type AuthEnv, configurationOf } from "../../auth/authenticate.ts";
import { type Security, securityOf } from "../../auth/security.ts";
import { namesThisMachine } from "../../net/public-address.ts";
import type { AgentCard, JsonObject } from "../../task/a2a-types.ts";
import { RequestError } from "../errors.ts";
import { toLegacyCard, withLegacyFields } from "../legacy/card.ts";
import { askedVersion, isLegacy } from "../version.ts";
import { asSdksReadIt, canonicalJson, withoutDefaults } from "./canonical-form.ts";
import { deployedCard } from "./deployed.ts";
import { type CardKeys, type CardKeysEnv, cardKeysOf, type Signer } from "./keys.ts";
import { type Rendered, RenderedCards } from "./rendered.ts";
import { sign } from "./signature.ts";

export const CARD_PATH = "/.well-known/agent-card.json";
export const JWKS_PATH = "/.well-known/jwks.json";

/** Long enough to spare a mesh's clients the request, short enough that a new version is seen soon. */
const MAX_AGE_S = 60;

export interface CardEnv extends AuthEnv, CardKeysEnv {}

/** `1.0` and `0.3` are whole cards of their version; `both` is a 1.0 card with what a 0.3 client needs beside it. */
type Variant = "1.0" | "0.3" | "both";

export interface CardServer {
  /** @param base where the agent is reached: origin and path, without a slash at the end */
  card(request: Request, base: string, env: CardEnv): Promise<Response>;
  jwks(request: Request, env: CardEnv): Promise<Response>;
  /** The card for authenticated callers, in the version of the request; whether there is one is the handler's to ask. */
  extendedCard(request: Request, base: string, env: CardEnv): Promise<string>;
  /** @param response with that card, in whatever form its binding gives it @returns the same for caches, or 304 */
  extendedForCaches(request: Request, response: Response, base: string, env: CardEnv): Promise<Response>;
}

/** Cards are for everybody, and so are the keys that prove them. @param path below the agent's URL */
export function isPublicPath(path: string): boolean {
  return path === CARD_PATH || path === JWKS_PATH;
}

export function cardServer(card: AgentCard, extended: AgentCard | undefined): CardServer {
  // By the keys, so that nothing of one key set is served under another.
  const rendered = new WeakMap<CardKeys, RenderedCards>();

  const get = async (from: AgentCard, variant: Variant, base: string, env: CardEnv): Promise<Rendered> => {
    const keys = await workingKeys(env);
    const security = knownSecurity(env);
    const signers = signersFor(base, keys, security, env);
    const cards = rendered.get(keys) ?? new RenderedCards();
    rendered.set(keys, cards);
    const name = JSON.stringify([from === card, variant, base, security]);
    return cards.get(name, { signed: signers.length > 0 }, () => render(deployedCard(from, base, security), variant, base, signers));
  };
  const getExtended = (request: Request, base: string, env: CardEnv) => get(extended ?? card, isLegacy(request) ? "0.3" : "1.0", base, env);

  return {
    async card(request, base, env) {
      const { json, etag } = await get(card, publicVariant(request), base, env);
      return conditional(request, json, { ...CACHED, ETag: etag, Vary: "A2A-Version" });
    },

    async jwks(request, env) {
      const keys = await workingKeys(env);
      if (keys.mode === "none")
        throw new RequestError("method-not-found", "this agent's cards are not signed, so there are no keys to verify them with");
      const json = JSON.stringify({ keys: keys.published });
      return conditional(request, json, { ...CACHED, ETag: await etagOf(json) });
    },

    async extendedCard(request, base, env) {
      return (await getExtended(request, base, env)).json;
    },

    async extendedForCaches(request, response, base, env) {
      const { etag } = await getExtended(request, base, env);
      return conditional(request, await response.text(), {
        "Content-Type": response.headers.get("Content-Type") ?? "application/json",
        // Whose answer differs by caller is kept by that caller only.
        "Cache-Control": `private, max-age=${MAX_AGE_S}`,
        ETag: etag,
        Vary: "A2A-Version, Authorization, X-API-Key",
      });
    },
  };
}

const CACHED = { "Content-Type": "application/json", "Cache-Control": `public, max-age=${MAX_AGE_S}` };

/** The answer to a GET, or 304 when the client has it already. */
function conditional(request: Request, json: string, headers: Record<string, string> & { ETag: string }): Response {
  // Compared weakly: what matters is whether the content is the same. (RFC 9110, 13.1.2)
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  const known = request.headers.get("If-None-Match")?.split(",").map(opaque);
  if (known?.some((each) => each === opaque(headers.ETag) || each === "*")) return new Response(null, { status: 304, headers });
  return new Response(json, { headers });
}

/** @throws RequestError `unavailable` when there should be signatures, and there can be none */
async function workingKeys(env: CardEnv): Promise<Exclude<CardKeys, { mode: "broken" }>> {
  const keys = await cardKeysOf(env);
  if (keys.mode === "broken")
    throw new RequestError(
      "unavailable",
      "this agent's cards cannot be signed, so they are not served; its operator's log says what to mend",
    );
  return keys;
}

/** @throws RequestError `unavailable` when who may call is configured in a way that cannot be read, and so cannot be said */
function knownSecurity(env: CardEnv): Security | undefined {
  if (configurationOf(env).mode === "broken")
    throw new RequestError(
      "unavailable",
      "this agent's authentication is misconfigured, so its card cannot say who may call, and is not served; its operator's log says what to mend",
    );
  return securityOf(env);
}

/**
 * The address in a card comes from the request, and a signature vouches for it. A deployment is reached only under the
 * names that were routed to it, but also without TLS, where anybody in between could answer; a local mesh also under any
 * name that somebody points at this machine. Neither is vouched for. Nor is the card of a deployment that has nothing
 * configured: it asks for no credentials because nobody is let in, and signed, it would go on saying so when somebody is.
 */
function signersFor(base: string, keys: CardKeys, security: Security | undefined, { SKEIN_LOCAL }: CardEnv): readonly Signer[] {
  const url = new URL(base);
  const isOurs = SKEIN_LOCAL === "1" ? namesThisMachine(url) : url.protocol === "https:" && security !== undefined;
  return keys.mode === "ready" && isOurs ? keys.signers : [];
}

function publicVariant(request: Request): Variant {
  // Clients of 0.3 do not say so when they ask for the card; other clients may not either.
  if (askedVersion(request) === "") return "both";
  return isLegacy(request) ? "0.3" : "1.0";
}

function inVariant(card: AgentCard, variant: Variant): JsonObject {
  switch (variant) {
    case "1.0":
      return card as unknown as JsonObject;
    case "0.3":
      return toLegacyCard(card);
    case "both":
      return withLegacyFields(card);
  }
}

async function render(card: AgentCard, variant: Variant, base: string, signers: readonly Signer[]): Promise<Rendered> {
  const content = withoutDefaults(inVariant(card, variant));
  // Readers of 1.0 that keep only the fields they know see another card than there is here, unless it is one of 0.3.
  // Theirs comes first: most verifiers are such readers, some look at no signature but the first, and others complain of it.
  const forms = variant === "0.3" ? [content] : [asSdksReadIt(content), content];
  const signatures = await sign(forms.map(canonicalJson), signers, base + JWKS_PATH);
  const json = canonicalJson(signatures.length === 0 ? content : { ...content, signatures });
  // Not of the signatures: ES256 makes others each time, and an agent is served from many places at once.
  const etag = await etagOf(canonicalJson([content, signers.map(({ kid }) => kid)]));
  return { json, etag: `W/${etag}` };
}

async function etagOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `"${btoa(String.fromCharCode(...digest.slice(0, 15)))}"`;
}
