/** Signatures of the card, where it has some. (A2A 1.0.1, 8.4; RFC 7515; RFC 8785) */
import { flattenedVerify, importJWK, type JWK } from "jose";
import type { AgentCard, Json, JsonObject } from "../../shared/task/a2a-types.ts";
import { isObject } from "../agent.ts";
import { canonicalCard } from "../canonical-card.ts";
import { send, type Trial } from "../exchange.ts";
import { hold } from "../expect.ts";
import type { Probe } from "../probe.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";

type Signature = NonNullable<AgentCard["signatures"]>[number];

function signatures({ card }: Pick<Probe, "card">): readonly Signature[] {
  const all = card.signatures ?? [];
  if (all.length === 0) throw new NotShown("the card is not signed");
  return all;
}

function headerOf({ protected: encoded }: Signature): JsonObject {
  try {
    const header = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8")) as Json;
    if (isObject(header)) return header;
  } catch {
    // What cannot be read is told below, as is what is read and is no object.
  }
  throw new Failure("a protected header of JSON in base64url", encoded);
}

async function keyFor({ kid, jku, alg }: JsonObject, trial: Trial): Promise<Awaited<ReturnType<typeof importJWK>>> {
  if (typeof jku !== "string") throw new NotShown("the signatures name no jku to find their keys at");
  const { status, text } = await send({ method: "GET", url: jku, headers: {} }, trial);
  if (status !== 200) throw new Failure(`keys at ${jku}`, `HTTP ${status}`);
  const { keys = [] } = JSON.parse(text) as { keys?: JWK[] };
  const key = keys.find((each) => each.kid === kid);
  if (!key) throw new Failure(`the key ${String(kid)} at ${jku}`, keys.map((each) => each.kid).join(", "));
  hold(!("d" in key) && !("k" in key), "a public key", `the private key ${String(kid)} in public`);
  return importJWK(key, String(alg));
}

export const SIGNATURE = requirements("signature", [
  {
    id: "signature.protected-header",
    section: "8.4.2",
    level: "MUST",
    title: "The protected header of each signature has alg and kid",
    bindings: [],
    run: async (probe) => {
      for (const header of signatures(probe).map(headerOf))
        hold(typeof header["alg"] === "string" && typeof header["kid"] === "string", "alg and kid", header);
    },
  },
  {
    id: "signature.typ",
    section: "8.4.2",
    level: "SHOULD",
    title: "The protected header says typ JOSE",
    bindings: [],
    run: async (probe) => {
      for (const header of signatures(probe).map(headerOf)) hold(header["typ"] === "JOSE", "typ JOSE", header);
    },
  },
  {
    id: "signature.asymmetric",
    section: "8.4",
    level: "MUST",
    title: "Signatures are such as only their maker can make: neither none nor HMAC",
    bindings: [],
    run: async (probe) => {
      for (const { alg } of signatures(probe).map(headerOf)) hold(!/^(none|HS\d+)$/i.test(String(alg)), "an asymmetric algorithm", alg);
    },
  },
  {
    id: "signature.verifies",
    section: "8.4.3",
    level: "MUST",
    title: "A signature holds over the canonical form of the card as it is served, without its signatures and defaults",
    bindings: [],
    run: async (probe) => {
      // As a client of 1.0 asks for it: a card may look otherwise to others.
      const { text } = await send({ method: "GET", url: probe.seen.url, headers: { "A2A-Version": "1.0" } }, probe.trial);
      const served = JSON.parse(text) as JsonObject & AgentCard;
      const payload = Buffer.from(canonicalCard(served)).toString("base64url");
      const problems: string[] = [];
      for (const signature of signatures({ card: served })) {
        try {
          const key = await keyFor(headerOf(signature), probe.trial);
          await flattenedVerify({ payload, protected: signature.protected, signature: signature.signature }, key);
          return;
        } catch (error) {
          if (error instanceof NotShown) throw error;
          problems.push((error as Error).message);
        }
      }
      throw new Failure("a signature that verifies", problems.join("; "));
    },
  },
  {
    id: "signature.keys-by-https",
    section: "8.4.3",
    level: "SHOULD",
    title: "The keys are fetched over HTTPS, or from this machine",
    bindings: [],
    run: async (probe) => {
      for (const { jku } of signatures(probe).map(headerOf)) {
        if (typeof jku !== "string") throw new NotShown("the signatures name no jku");
        const { protocol, hostname } = new URL(jku);
        hold(protocol === "https:" || /^(localhost|127\.|\[::1\])/.test(hostname), "an https URL", jku);
      }
    },
  },
]);
