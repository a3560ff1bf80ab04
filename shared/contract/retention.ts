/**
 * The schema of `contracts/retention.v<n>.yaml`. What the number means is in shared/policy/retention.ts.
 */
import * as v from "valibot";
import { contractHead, wholeNumber } from "./fields.ts";

export const retentionContract = v.strictObject({
  ...contractHead("retention"),
  /** From a task's end to its deletion. */
  keepHours: wholeNumber(1, 10 * 366 * 24),
});

export type RetentionContract = Readonly<v.InferOutput<typeof retentionContract>>;
