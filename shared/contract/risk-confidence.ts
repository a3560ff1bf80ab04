/**
 * The schema of `contracts/risk-confidence.v<n>.yaml`. What the numbers mean is in shared/policy/risk-confidence.ts.
 */
import * as v from "valibot";
import { contractHead, names, share, wholeNumber } from "./fields.ts";

const skills = names('must be a list of skills, each as "agent/skill"', /^[^/]+\/[^/]+$/);

export const riskConfidenceContract = v.strictObject({
  ...contractHead("risk-confidence"),
  /** Confidence (0..1) from which an action goes ahead. */
  proceed: share,
  /** Confidence (0..1) from which one that reaches many goes ahead, and somebody is told. */
  notify: share,
  /** People or records: below it an action's reach is small. */
  smallBlast: wholeNumber(1, 1_000_000_000),
  /** From here on a person is asked. */
  largeBlast: wholeNumber(1, 1_000_000_000),
  /** Skills whose claim that an action can be undone is believed. */
  trusted: skills,
  /** Skills whose every action a person approves. */
  alwaysAsk: skills,
});

export type RiskConfidenceContract = Readonly<v.InferOutput<typeof riskConfidenceContract>>;
