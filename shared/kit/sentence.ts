/**
 * Where a sentence ends. The platform knows most of it; this mends what it takes for an end and is none. Takes and gives
 * plain text, and knows nothing of markup.
 */

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
/** Abbreviations and initials. No unit may stand here: "10 s." does end a sentence. */
const UNFINISHED = /(?:^|[\s(])(?:[Ee]\.g|[Ii]\.e|[Cc]f|[Vv]s|[Aa]pprox|[Cc]a|No|[Ff]ig|[Ss]ec|Dr|Mrs?|Ms|Prof|St|\p{Lu})\.\s*$/u;
/** No sentence begins so. */
const CONTINUED = /^[\p{Ll},;)\]]/u;

/** @returns the sentences in order; put together again they are the text */
export function sentencesIn(text: string): string[] {
  const sentences: string[] = [];
  for (const { segment } of segmenter.segment(text)) {
    const last = sentences.at(-1);
    if (last !== undefined && (UNFINISHED.test(last) || CONTINUED.test(segment))) sentences[sentences.length - 1] = last + segment;
    else sentences.push(segment);
  }
  return sentences;
}
