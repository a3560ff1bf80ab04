/** What the researcher's skills need from around them, and whose documents they may reach. */
import { principalKey } from "../../shared/auth/principal.ts";
import type { SkillContext } from "../../shared/kit/skill.ts";
import type { CorpusAccess } from "./corpus-access.ts";

export interface ResearcherEnv {
  /** One corpus a principal, by the principal's key. */
  readonly CORPUS: { getByName(name: string): CorpusAccess };
  /** "1" on one's own machine: documents at private addresses may then be fetched. */
  readonly SKEIN_LOCAL?: string;
}

/** The caller's own corpus. No message can name another. */
export function corpusOf({ env, principal }: Pick<SkillContext<ResearcherEnv>, "env" | "principal">): CorpusAccess {
  return env.CORPUS.getByName(principalKey(principal));
}
