/**
 * Signs a card: one JWS for each key and each canonical form of it. It says where the keys are, and fetches and trusts
 * none. (A2A 1.0.1, 8.4.2)
 */
import { FlattenedSign } from "jose";
import type { AgentCard } from "../../task/a2a-types.ts";
import type { Signer } from "./keys.ts";

/**
 * @param forms canonical JSON; one card has several when verifiers see it differently, and equal ones count once
 * @param jku where the public keys are, an absolute URL
 */
export function sign(forms: readonly string[], signers: readonly Signer[], jku: string): Promise<NonNullable<AgentCard["signatures"]>> {
  const signatures = [...new Set(forms)].flatMap((form) =>
    signers.map(async ({ kid, alg, key }) => {
      const jws = new FlattenedSign(new TextEncoder().encode(form)).setProtectedHeader({ alg, typ: "JOSE", kid, jku });
      const { protected: header = "", signature } = await jws.sign(key);
      return { protected: header, signature };
    }),
  );
  return Promise.all(signatures);
}
