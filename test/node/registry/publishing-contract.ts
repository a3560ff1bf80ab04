/** The publishing contract as it is deployed. */
import { readFileSync } from "node:fs";
import { readContract } from "../../../shared/contract/load.ts";
import type { PublishingContract } from "../../../shared/contract/publishing.ts";

const FILE = "contracts/publishing.v2.yaml";
export const PUBLISHING: PublishingContract = readContract(
  "publishing",
  readFileSync(new URL(`../../../${FILE}`, import.meta.url), "utf8"),
  FILE,
);
