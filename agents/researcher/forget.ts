/**
 * The skill `forget`: removes documents of the caller by name, for good. Names in a data part are meant to the letter; names
 * found in a sentence are put to the person first, because a document may be called like a word of it.
 */
import * as v from "valibot";
import { completed, type Outcome, rejected, type SkillContext } from "../../shared/kit/skill.ts";
import { corpusOf, type ResearcherEnv } from "./researcher-env.ts";

const MOST = 200;
/** A sentence that names documents is short; what is longer brings a document of its own. */
const LONGEST_SENTENCE = 5_000;
const HOW = 'name the documents as the skill "documents" lists them, in the text or in a data part { "documents": ["guide.md"] }';

const order = v.object({ documents: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MOST)) });

export async function forget(ctx: SkillContext<ResearcherEnv>): Promise<Outcome> {
  const given = ctx.parts.map(({ data }) => data).find((data) => typeof data === "object" && data !== null && "documents" in data);
  if (given !== undefined) {
    const ordered = v.safeParse(order, given);
    if (!ordered.success) return rejected(`"documents" must be a list of 1 to ${MOST} names`);
    const names = [...new Set(ordered.output.documents)];
    // A step, because a second run would find nothing left to remove.
    return told(names, await ctx.step("forget", () => corpusOf(ctx).remove(names)));
  }

  const { text } = ctx;
  if (text.length > LONGEST_SENTENCE) return rejected(`this text is too long to find names in it: ${HOW}`);
  const named = await ctx.step("named", async () => namesIn(text, await corpusOf(ctx).namedIn(text)));
  if (named.length === 0) return rejected(`none of your documents is named there: ${HOW}`);
  if (named.length > MOST) return rejected(`more than ${MOST} of your documents are named there: forget them in several tasks`);
  const action = { description: `Forget ${count(named.length)} for good?`, args: { documents: named } };
  const forgotten = await ctx.act("forget", action, ({ documents }) => corpusOf(ctx).remove(documents));
  return forgotten.done ? told(named, forgotten.value) : rejected(`Nothing was forgotten: it was not approved (${forgotten.reason}).`);
}

function told(names: readonly string[], forgotten: readonly string[]): Outcome {
  const unknown = names.filter((name) => !forgotten.includes(name));
  if (forgotten.length === 0) return rejected(`you have no document called ${quoted(unknown)}: ${HOW}`);
  const not = unknown.length === 0 ? "" : ` There was none called ${quoted(unknown)}.`;
  const text = `Forgot ${count(forgotten.length)}: ${quoted(forgotten)}.${not}`;
  const data = { forgotten: [...forgotten], unknown };
  return completed({ artifacts: [{ name: "forgotten", parts: [{ text }, { data, mediaType: "application/json" }] }], text });
}

/**
 * Which documents a sentence names. The longest names first, so that "old notes.txt" is not "notes.txt" as well; and whole
 * ones only, so that "guide.md" is not found in "my/guide.md" or "guide.md.bak".
 * @param candidates names that occur somewhere in the text
 */
export function namesIn(text: string, candidates: readonly string[]): string[] {
  let left = text;
  const found = candidates
    .toSorted((a, b) => b.length - a.length)
    .filter((name) => {
      const whole = new RegExp(`(?<![\\p{L}\\p{N}_./-])${literally(name)}(?![\\p{L}\\p{N}_-]|[./][\\p{L}\\p{N}_])`, "gu");
      const before = left;
      left = left.replace(whole, "\n");
      return left !== before;
    });
  return found.sort();
}

function literally(name: string): string {
  return name.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

function count(n: number): string {
  return `${n} ${n === 1 ? "document" : "documents"}`;
}
