/**
 * The skill `calculate`: every question of a message answered, with its working, as text and as findings.
 */
import { type Finding, findingsOf, findingsPart } from "../../../shared/kit/finding.ts";
import { completed, type Outcome, rejected, type SkillContext } from "../../../shared/kit/skill.ts";
import { type Answer, answerQuestion } from "./answer.ts";
import { Names } from "./names.ts";
import { questionsIn } from "./questions.ts";

const MOST_ANSWERS = 20;
const HOW =
  'Send a formula or a question in words, for example "0.95^5", "15% of 80", "5 km in miles", "how many hops of 95% each stay at or above 75%".';

export function calculate({ text, parts, progress }: SkillContext): Outcome {
  const { asked, given } = questionsIn(text);
  const names = new Names(given, findingsOf(parts));
  const answers: Answer[] = [];
  for (const question of asked) {
    answers.push(...answerQuestion(question, names));
    if (answers.length > MOST_ANSWERS) return rejected(`That is more than ${MOST_ANSWERS} formulas. Send them in several messages.`);
  }

  const answered = answers.filter((answer) => answer.ok);
  const refused = answers.filter((answer) => !answer.ok);
  const problems = refused.map(({ question, reason }) => `${question}: ${reason}.`);
  if (answered.length === 0)
    return rejected(problems.length > 0 ? problems.join("\n") : `There is nothing to calculate in this message. ${HOW}`);
  progress(
    `calculated ${answered
      .map(({ expression }) => expression)
      .join("; ")
      .slice(0, 200)}`,
  );

  const blocks = answered.map(({ result, working, more = [] }) =>
    [
      `**${result}**`,
      ...more.map((line) => `- ${line}`),
      ...(working.length > 0 ? ["", "Working:", ...working.map((line) => `- ${line}`)] : []),
    ].join("\n"),
  );
  if (problems.length > 0) blocks.push(["Not answered:", ...problems.map((problem) => `- ${problem}`)].join("\n"));
  // The working goes with its result, as a list below it: whoever quotes the one shows the other.
  const findings: Finding[] = answered.flatMap(({ result, more = [], working, expression }) =>
    [withList(result, working), ...more].map((text) => ({
      text,
      source: { document: "calculation", position: expression },
      by: "analyst/calculate",
    })),
  );
  return completed({
    artifacts: [
      { name: "result", parts: [{ text: blocks.join("\n\n"), mediaType: "text/markdown" }, findingsPart([...findings, ...names.sources])] },
    ],
    text: answered.map(({ result }) => result).join("\n"),
  });
}

function withList(line: string, items: readonly string[]): string {
  return items.length === 0 ? line : `${line}\n\n${items.map((item) => `- ${item}`).join("\n")}`;
}
