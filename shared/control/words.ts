/**
 * The words a request is recognised by: what asks, what orders, what only connects. English; a card's own examples add
 * the orders its publisher thought of. Lists only, no rule.
 */

const list = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/).filter(Boolean));

export const QUESTION_WORDS = list("what which who whom whose where when why how");

/** What stands after a question word, or opens a question that wants a yes or a no. */
export const AUXILIARIES = list(
  "is are was were am be do does did has have had can could will would shall should may might must isn't aren't doesn't don't",
);

/** Orders people give. Not what some agent can do: an order no card knows must still be seen as one. */
export const REQUEST_VERBS = list(`
  add alert analyse analyze answer apply approve ask assemble average book build buy calculate call cancel change check choose
  classify clean collect combine compare compose compute convert copy correct count create decide define delete deliver deploy
  describe determine display divide download draft draw edit email estimate evaluate examine explain export extract fetch file
  fill filter find fix forecast format gather generate get give group help identify import index ingest inspect install
  investigate join keep list load locate look make measure merge message monitor move multiply name note notify open order
  outline parse ping plan play plot post predict prepare print process produce propose prove publish push put quote rank
  rate read recommend record remember remind remove rename reply report reserve research retrieve return review rewrite round run
  save say scan schedule search select sell send set share show sing solve sort split start state stop store submit subtract sum
  summarise summarize suggest tell test total track transfer translate turn update upload use validate verify visit warn watch
  work write
  anonymise anonymize assign attach bake borrow brew bring browse capture compile configure connect cook crop debug decode decrypt
  detect disable discover discuss double-check duplicate enable encode encrypt erase escalate execute expand feed fly guess hire
  improve inform insert invent invite invoke juggle knit migrate modify mow mute negotiate obtain organise organize paint perform
  pour prioritise prioritize purchase reboot rebuild refactor refund reject render repair replace resize resolve restart restore
  revert revoke roast scrape sew simulate spell subscribe swap synthesise synthesize teach throw transcribe triple-check tune undo
  uninstall unlock unsubscribe wake wash wipe wrap`);

/** Orders that are nouns as well: "test plans", "report numbers". Beside another noun they may be part of its name. */
export const NOUNS_TOO = list(`
  answer average book call change check copy count display download draft edit email estimate extract file filter fix forecast
  format group help import index install join list load look make measure message monitor move name note open order outline ping
  plan plot post print process produce prove purchase push quote rank rate read record repair reply report research retrieve return
  review round run save scan schedule search set share show sort split start state stop store sum swap test total track transfer
  turn update upload use visit warn watch wash work wrap draw play guess throw tune`);

/** Said out of politeness or habit before the request proper. */
export const PREAMBLE =
  /^(?:(?:please|kindly|hi|hello|hey|ok|okay|so|well|now|also|and|but|or|next|finally|lastly|first(?:ly)?|second(?:ly)?|third(?:ly)?|can you|could you|would you|will you|i want(?: you)? to|i need(?: you)? to|i would like(?: you)? to|i'd like(?: you)? to|help me(?: to)?|let's|let us|you should|we need to)\b[\s,:]*)+/i;

/** Orders that say nothing by themselves: what is to be given, made or shown says it all. */
export const LIGHT = list("give get put make show list tell take set need use try provide present have let do say name");
/** Orders that mean arithmetic when numbers stand beside them, and many things otherwise. */
export const ARITHMETIC = list("add subtract multiply divide sum deduct raise square");

/** Verbs that a small word turns into another: to turn off a light is no kind of turning. */
export const PHRASAL = list("turn switch put take set call get give go come carry bring break shut cut");
export const PARTICLES = list("off on down away up out over back in");

/** Says nothing about which skill is meant. Verbs and question words are looked at apart. */
export const STOP_WORDS = list(`
  a an and or but if so as at by for from in into of on onto to with without within over under above below between about
  the this that these those it its itself they them their there here he she his her we us our you your i me my mine
  is are was were be been being am do does did done has have had can could will would shall should may might must
  not no nor only also too very just then than each every any all some both such same other another more most much many few
  please after before again once up down out off while during until because what which who whom whose where when why how
  one ones get let make made say says said`);

/** Wraps a question in an order: "tell me where it is written" asks where. */
export const WRAPPED_QUESTION =
  /^(?:tell (?:me|us)|show (?:me|us)|let (?:me|us) know|(?:(?:do you|i want to|i'd like to) )?know|find out|understand|explain to (?:me|us)|say)\s+(?=(?:what|which|who|whom|whose|where|when|why|how)\b)/i;

export function wordsIn(text: string): string[] {
  // "What's" asks as "what is" does.
  const whole = text.toLowerCase().replace(/\b(what|which|who|where|when|why|how)['’](?:s|re)\b/g, "$1 is");
  return whole.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? [];
}

/** What may stand before a question word: "under which licence", "for how long". */
export const BEFORE_QUESTION =
  /^(?:and\s+)?(?:in|on|at|by|for|from|of|to|under|with|within|after|until|since)\s+(?=(?:what|which|whom|whose|how|when|where)\b)/i;
