/**
 * The skill `find-agent`: asks the mesh's registry which published skills fit a need, the best first. It only reads, so it needs no
 * durable step: a second run finds what is published then. A registry that is away is waited for a moment, and said to be.
 */
import type { Found, RegistryEnv } from "../../shared/kit/registry.ts";
import { completed, failed, type Outcome, rejected, type SkillContext } from "../../shared/kit/skill.ts";
import { candidatesPart, headline, inWords } from "./candidates.ts";
import { type Need, readNeed } from "./need.ts";

/** A search takes milliseconds; the first one of an idle registry has to read all cards. */
const WAIT_MS = 10_000;
/** Characters of a need that an answer repeats. */
const REPEATED = 100;

export async function findAgent({ parts, text, preferences, env }: SkillContext<RegistryEnv>): Promise<Outcome> {
  const asked = readNeed(parts, text, preferences);
  if (!asked.ok) return rejected(asked.reason);
  const { need } = asked;
  if (!env.REGISTRY) return failed("this mesh has no registry, so nothing is published to it: GET /agents at its front door lists its own");
  const found = await answered(env.REGISTRY, need);
  if (!found) return failed("the registry did not answer: ask again in a minute, or call an agent that you know");
  if (found.length === 0) return rejected(nothingFor(need));
  const artifact = { name: "candidates", parts: [{ text: inWords(found) }, candidatesPart(need, found)] };
  return completed({ artifacts: [artifact], text: headline(found) });
}

/** @returns undefined when it fails, or takes too long */
async function answered(registry: NonNullable<RegistryEnv["REGISTRY"]>, { words, preferences, limit }: Need) {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), WAIT_MS);
  try {
    return await Promise.race<readonly Found[] | undefined>([registry.find(words, preferences, limit), late.promise]);
  } catch (error) {
    console.error("the registry could not be asked", error);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function nothingFor({ words }: Need): string {
  const said = words.length > REPEATED ? `${words.slice(0, REPEATED).toWellFormed()}…` : words;
  return `no published skill knows a word of "${said}": say in other words what it should do. Only published agents are looked through; those that the mesh was deployed with are listed by GET /agents at its front door`;
}
