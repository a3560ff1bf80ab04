/**
 * The contracts there are. Adding a policy: one schema file beside this one, one entry here, one file in `contracts/`.
 */
import type * as v from "valibot";
import { dispatchContract } from "./dispatch.ts";

export const contractSchemas = {
  dispatch: dispatchContract,
} as const;

export type PolicyName = keyof typeof contractSchemas;
export type Contract<P extends PolicyName = PolicyName> = Readonly<v.InferOutput<(typeof contractSchemas)[P]>>;
