/**
 * The schema of `contracts/interrupt.v<n>.yaml`. What the numbers mean is in shared/policy/interrupt.ts.
 */
import * as v from "valibot";
import { contractHead, names, wholeNumber } from "./fields.ts";

/** Ten years: what waits longer is forgotten. */
const hours = wholeNumber(1, 10 * 366 * 24);
const people = wholeNumber(1, 10);

export const interruptContract = v.strictObject({
  ...contractHead("interrupt"),
  /** Different people who must approve an action. */
  approvers: people,
  /** One of them must be somebody else than the task's caller. */
  fourEyes: v.boolean("must be true or false"),
  /** Skills whose actions take more. */
  strict: names('must be a list of skills, each as "agent/skill", or "*/*" for all', /^[^/]+\/[^/]+$/),
  /** Different people who must approve those, none of them the task's caller. */
  strictApprovers: people,
  /** After which an action that nobody approved counts as rejected. */
  approvalHours: hours,
  /** After which a question is answered with its default. */
  questionHours: hours,
});

export type InterruptContract = Readonly<v.InferOutput<typeof interruptContract>>;
