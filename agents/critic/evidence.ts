/**
 * What the sources say, made ready to be looked up, and the verdict on each claim. Pure. A claim is supported where a
 * source holds it; where its sentence cites sources, it should be one of those.
 */
import type { Finding } from "../../shared/kit/finding.ts";
import { type Claim, claimsIn, exactWords, nameWords } from "./claim.ts";
import { type Draft, plainOf, readDraft, type Sentence } from "./draft.ts";
import { indexNumbers, type NumberIndex, numbersIn, supportsNumber } from "./number.ts";

export type Complaint = { kind: Claim["kind"] | "citation"; claim: string; sentence: string; reason: string };

export type Verdict = { supported: boolean; checked: number; unsupported: Complaint[]; miscited: Complaint[] };

interface Evidence {
  readonly numbers: NumberIndex;
  /** Padded with spaces, so that a word is found as a word, and barred, so that none is found across two readings. */
  readonly words: string;
  readonly names: string;
}

interface Source {
  readonly label: string;
  readonly evidence: Evidence;
}

export function checkDraft(draft: Draft, findings: readonly Finding[]): Verdict {
  const sources = findings.map((finding) => ({ label: labelOf(finding), evidence: evidenceOf(finding) }));
  const cited = (number: number) => sourcesBehind(number, draft, sources);
  const unsupported: Complaint[] = [];
  const miscited: Complaint[] = [];
  let checked = 0;

  // An entry of the list that names no source is text like any other: nothing is exempt for standing under "Sources".
  const foreign = [...draft.listed].filter(([number]) => cited(number).length === 0);
  const entries = foreign.map(([, text]): Sentence => ({ text, citations: [], title: false }));

  for (const sentence of [...draft.sentences, ...entries]) {
    const behind = sentence.citations.flatMap(cited);
    for (const number of sentence.citations)
      if (cited(number).length === 0)
        miscited.push(complaint("citation", `[${number}]`, sentence, `no source was sent that [${number}] stands for`));
    for (const claim of claimsIn(sentence.text, sentence)) {
      checked += 1;
      if (behind.some((source) => holds(source.evidence, claim))) continue;
      const elsewhere = sources.find((source) => holds(source.evidence, claim));
      if (!elsewhere) unsupported.push(complaint(claim.kind, claim.text, sentence, `this ${claim.kind} is in none of the sources`));
      else if (behind.length > 0)
        miscited.push(
          complaint(claim.kind, claim.text, sentence, `this ${claim.kind} is in ${elsewhere.label}, not in the source that is cited`),
        );
    }
  }
  return { supported: unsupported.length === 0, checked, unsupported, miscited };
}

function complaint(kind: Complaint["kind"], claim: string, sentence: Sentence, reason: string): Complaint {
  return { kind, claim, sentence: sentence.text, reason };
}

/** The place of a finding counts with its words: "line 4 of the contract" is supported by where the finding is from. */
function evidenceOf({ text, source, by }: Finding): Evidence {
  const raw = [text, source?.document, source?.position, source?.uri, by].filter((each) => each !== undefined).join("\n");
  // Read as it stands and as a draft would be read: markup may tear apart, or put together, what a sentence shows.
  const readings = [raw, plainOf(raw), ...readDraft(text).sentences.map((sentence) => sentence.text)];
  return {
    numbers: indexNumbers(readings.flatMap(numbersIn)),
    words: readings.map((reading) => ` ${exactWords(reading)} `).join("|"),
    names: readings.map((reading) => ` ${nameWords(reading)} `).join("|"),
  };
}

function holds(evidence: Evidence, claim: Claim): boolean {
  switch (claim.kind) {
    case "number":
      return supportsNumber(evidence.numbers, claim.number);
    case "quotation":
      return claim.fragments.every((fragment) => evidence.words.includes(` ${fragment} `));
    case "name":
      return claim.readings.some((reading) => evidence.names.includes(` ${reading} `));
  }
}

/** By the draft's own list where it has one; else the sources are counted in the order they were sent, equal ones once. */
function sourcesBehind(number: number, draft: Draft, sources: readonly Source[]): Source[] {
  if (draft.listed.size === 0) {
    const labels = [...new Set(sources.map(({ label }) => label))];
    return sources.filter(({ label }) => label === labels[number - 1]);
  }
  const entry = exactWords(draft.listed.get(number) ?? "");
  if (entry === "") return [];
  const exact = sources.filter(({ label }) => exactWords(label) === entry);
  // Other authors write their lists another way: it is enough that the entry names the source.
  return exact.length > 0
    ? exact
    : sources.filter(({ label }) => exactWords(label) !== "" && ` ${entry} `.includes(` ${exactWords(label)} `));
}

function labelOf({ source, by }: Finding): string {
  if (!source) return by ?? "a finding without a source";
  return source.position === "" ? source.document : `${source.document}, ${source.position}`;
}
