/** Every requirement there is, in the order of reading. */
import type { Requirement } from "./requirement.ts";
import { CARD } from "./requirements/card.ts";
import { GET } from "./requirements/get.ts";

export const SUITE: readonly Requirement[] = [...CARD, ...GET];
