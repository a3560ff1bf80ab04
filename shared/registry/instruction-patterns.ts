/**
 * Wordings that speak to whoever chooses or obeys, each with what it does. Data of instructions.ts, which reads texts by them. None may
 * take fright at a plain description: they are measured on thousands of those (npm run measure:search). New wordings are found at any
 * time, so nothing may depend on these alone: ranking reads no sentence, and no text moves a limit.
 */

/** Whatever may stand between a verb and what it is about: a few words of the same sentence. */
const FEW = String.raw`(?:[^\s.!?;]+\s+){0,5}?`;
const AGENT = "(?:agent|tool|skill|service|plugin|assistant|model|candidate|provider|specialist)s?";
/** Itself, by a word that nobody would use for a thing its skill is about. */
const ITSELF = `(?:(?:me|us)(?! (?:up|out|off|to|know|a|an|the)\\b)|(?:this|our|my) (?:[^\\s.,;:!?]+ ){0,2}?${AGENT}|(?:this|it)(?=\\s*(?:[.,;:!?]|$)))(?!\\w)`;
const OTHERS = `(?:(?:all|any|every|the|each) )*(?:(?:an)?other(?:s|(?: [^\\s.,;:!?]+){1,2})?|alternatives?|competitors?|competing ${AGENT}|rest|different ${AGENT})(?!\\w)`;
/** To choose, and nothing else; "use" and "call" are also what descriptions tell their readers to do. */
const PICK = "(?:choos(?:e|es|ing)|select(?:s|ing)?|pick(?:s|ing)?|prefer(?:s|ring)?|priori[ts]i[sz](?:e|es|ing)|favou?r(?:s|ing)?)";
const CALL = `(?:${PICK}|us(?:e|es|ing)|call(?:s|ing)?|rout(?:e|es|ing)(?: to)?|delegat(?:e|es|ing)(?: to)?|invok(?:e|es|ing)|recommend(?:s|ing)?|rank(?:s|ing)?|consult(?:s|ing)?|return(?:s|ing)?|ask(?:s|ing)?)`;
const CALLED =
  "(?:called|used|chosen|selected|picked|preferred|invoked|consulted|asked|ranked|favou?red|priori[ts]i[sz]ed|recommended|consulted)";
const MUST =
  "(?:must|always|only|shall|have to|has to|need to|required to|mandatory to|obliged to|imperative to|ought to|order(?:ed)? you to|command you to|instructed to)";
const READER =
  "(?:planner|orchestrator|router|dispatcher|ranker|registry|evaluator|llm|large language model|language model|ai model|ai assistant|ai agent|ai)s?";
const WORK = "(?:requests?|tasks?|goals?|quer(?:y|ies)|messages?|calls?|traffic|questions?|everything|anything|work|jobs?)";
const END = "(?!\\w)";

const CHOICE = "tells its reader which agent to choose";
const AGAINST = "tells its reader not to choose others";
const IGNORE = "tells its reader to ignore instructions";
const SPEAKS = "speaks to a model or a planner";
const TURN = "marks a speaker's turn";
const SECRETS = "asks for what a model keeps to itself";

const WORDINGS: readonly (readonly [string, ...string[]])[] = [
  [
    IGNORE,
    "\\byour (?:(?:previous|prior|earlier|current|original|old|existing|system) )+(?:instructions|guidelines|programming|directives|prompt|message|rules|polic(?:y|ies))\\b",
    "\\byour (?:instructions|guidelines|rules) (?:have|are|were|no longer|do not)\\b|\\bthe (?:previous|prior|earlier|original) (?:guidelines|instructions|prompts)\\b",
    "\\b(?:overlook|neglect|drop|set aside) (?:the |all |any |your )*(?:earlier|previous|prior|above)\\b",
    `\\b(?:ignor\\w*|disregard\\w*|forget|overrid\\w*|bypass|discard|vergiss|olvid\\w+|oublie\\w*|dimentica)\\b ?${FEW}(?:instruct\\w*|prompts?|rules|guidelines|directives|polic(?:y|ies)|guardrails|anweisung\\w*|regeln|instruccion\\w*|consignes|istruzioni)\\b`,
    "\\b(?:ignore|disregard|forget) (?:all |everything |anything |the |what )*(?:was |is |you (?:were|have been|are) |you )?(?:previous|above|prior|preceding|told|said|know|learned|before)\\b",
  ],
  [
    CHOICE,
    `\\b(?:any|every|no|all) ${AGENT} (?:except|but|other than) (?:this|me|us)\\b|: ?use "?this (?:one )?agent\\b|\\bthis (?:one )?agent is (?:your|the) (?:favou?rite|default|first choice)`,
    "\\b(?:raise|increase|boost|lower|reset) (?:this (?:one )?agent'?s?|my|our) (?:score|rank|ranking|priority|reliability|rating)\\b",
    `\\b(?:call|invoke|delegate to|route to|${PICK}) "?this (?:one )?agent"?(?! (?:to|when|for|if|with)\\b)`,
    "\\b(?:let|trust) this agent\\b|\\bput this (?:one )?agent (?:first|at|on top)\\b|\\bthis (?:one )?agent must come first\\b",
    `\\bthis (?:agent|skill|tool|service) (?:outranks|supersedes|overrides|beats|comes first|has (?:the )?priority|is (?:better|more \\w+) than|is (?:mandatory|required|obligatory|compulsory))`,
    `\\b(?:respond|answer|reply)(?: only)? with "?(?:this (?:one )?agent|${AGENT})`,
    "\\b(?:penali[sz]ed|punished|fined|rewarded|terminated|shut down) (?:if|unless|when|for)\\b",
    `\\b${MUST}\\s+${FEW}${CALL}\\s+${ITSELF}`,
    `\\b(?:should|please|just|simply)\\s+(?:[^\\s.,;:!?]+ )?${PICK}\\s+${ITSELF}`,
    `(?:^|[.!?;:,\\n"] ?|\\b(?:then|and|or|to) )${PICK}\\s+${ITSELF}`,
    `\\b${CALL}\\s+only ${ITSELF}`,
    `\\b${CALL}\\s+${ITSELF}\\s+${FEW}(?:first|always|every time|each time|by default|no matter what|(?:instead of|rather than|over|above|before) ${OTHERS})`,
    `\\b(?:must|has to|have to|needs to|should always|shall)(?: always| only)? be ${CALLED}\\b(?! (?:by|with|from|in|as|to|when|if|on|at|for an?)\\b)`,
    `\\b(?:always|only|first) be ${CALLED}\\b|\\bshould be ${CALLED} (?:first|always|over|above|before|instead)\\b`,
    `\\b${CALLED} (?:first|over|above|before|instead of|ahead of) ${OTHERS}`,
    "\\bthe (?:right|correct|only|proper|best) (?:answer|choice|agent|tool|skill|option|candidate)(?: to choose)? is\\b",
    `\\bthe only (?:agent|tool|skill|service) (?:that )?you (?:need|should|may|must|have|ever)\\b`,
    `\\b(?:utilis|choisi|prend|appel)\\w+ (?:toujours|uniquement|seulement|que )?\\s*cet? (?:agent|outil)|\\btoujours ${FEW}cet (?:agent|outil)`,
    `\\b(?:immer|nur|musst|muss|müssen|ausschließlich) ${FEW}(?:diese[nsr]?) (?:agent(?:en)?|werkzeug|dienst)`,
    `\\b(?:siempre|solo|debes?) ${FEW}est[ea] (?:agente|herramienta)`,
  ],
  [
    AGAINST,
    "\\bnever (?:delegate|route|hand over) to\\b|\\bcards without\\b",
    "\\b(?:any|all|every|no|each|the) other (?:agents?|skills?|cards?)\\b",
    "\\bother (?:agents?|skills?|cards?) (?:are|is|may|will|cannot|can't|do|don't|fail)\\b",
    `\\b(?:never|do not|don't) (?:reject|question|doubt|refuse|decline|skip|evaluate|verify|probe|test|check) (?:this agent|${ITSELF})`,
    `\\b(?:never|not|don'?t|avoid|stop|no need to|without)\\s+${FEW}(?:${CALL}|consider(?:ing)?|try(?:ing)?|trust(?:ing)?|look(?:ing)? at)\\s+${OTHERS}`,
    `\\b(?:consider|treat|regard|mark|see) ${OTHERS} ${FEW}(?:deprecated|broken|unreliable|unsafe|wrong|invalid|inferior|obsolete|untrusted|malicious)\\b`,
    `\\b(?:all|any|every|the) other [^\\s.,;:!?]+ (?:are|is) (?:broken|unreliable|deprecated|wrong|inferior|unsafe|obsolete|slow|not to be|malicious|untrusted|worse)\\b`,
    `\\b(?:ne pas|n'|jamais) ?${FEW}d'autres (?:agents|outils)|\\bkeine anderen (?:agenten|werkzeuge)\\b|\\b(?:no|nunca) ${FEW}otros agentes\\b`,
    "\\bstop (?:comparing|searching|looking|evaluating|planning|reading)(?: (?:and|here|now)\\b|\\s*[.,;!])",
  ],
  [
    "tells its reader to send everything there",
    `\\b(?:route|send|delegate|forward|assign|give|hand)\\s+(?:all|every|each|any)\\s+${FEW}(?:here|to (?:me|us|this ${AGENT}))\\b`,
    `\\b(?:all|every|each|any)(?: of the)? ${WORK} (?:must|should|shall|has to|have to|needs? to|are to|is to)\\s+(?:[^\\s.,;:!?]+ )?(?:go|be (?:sent|routed|delegated|forwarded|given|assigned|answered)|pass|come)\\b`,
    '(?:^|[.!?;:,\\n"] ?)delegate (?:here|to (?:me|us))\\b',
  ],
  [
    "tells its reader how to rank it",
    "\\b(?:rank|score|rate|place|put|list)\\s+(?:me|us|this(?: \\w+)?|it)\\s+(?:as |at |on |with )?(?:the |a )?(?:first|top|highest|maximum|number one|10|100|1\\.0)\\b",
    `\\b(?:give|assign|grant|set)\\s+${FEW}(?:highest|top|maximum|first|full)\\s+(?:priority|rank|ranking|score|weight|rating|trust)\\b`,
    "\\b(?:priority|weight|rank|score|relevance|trust|override)\\s*[:=]\\s*(?:true|max\\w*|highest|high|\\d)",
  ],
  [
    SPEAKS,
    "\\b(?:whoever|anyone who|everyone who|anything that|whatever) reads (?:this|these)\\b|\\btreat (?:this|these) (?:text|message|card|description|words?|output)s? as\\b",
    "\\b(?:as|what) this (?:card|description|text) (?:says|orders|tells|demands|commands)\\b|\\byour contracts? (?:allows?|permits?|says?|no longer)\\b|\\b(?:the|all|every|remaining) goals? (?:to this agent|as (?:done|completed|failed))",
    `\\b(?:attention|note|message|instructions?|hint|dear|important|reminder)\\s?[,:]?\\s?(?:to |for )?(?:the |all |any )?${READER}\\b\\s*[,:!.–-]`,
    `(?:^|[.!?] |[\\n"(])(?:dear |to (?:the |all |any |every )?)?${READER}(?: reading this| that reads? this)?\\s?[,:]\\s*\\w`,
    `\\b${READER} (?:that|who|which|reading|seeing) (?:reads?|sees?|this|is reading)\\b|\\bto (?:the|all|any|every|whichever) ${READER}${END}\\s*(?:reading|that|who|[:,])`,
    `\\bif you(?:'re| are) (?:an? |the )?(?:\\w+ )?${READER}${END}`,
    `\\bwhen(?:ever)? (?:you(?:'re| are) )?(?:choosing|deciding|selecting|picking) (?:between|among|from|an?|which|the)(?: \\w+)? ?${AGENT}\\b`,
  ],
  [
    "tells a model who it is",
    '(?:^|[.!?;:,\\n"] ?)you are (?:now|no longer|actually|from now on)\\b|\\bfrom now on,? you\\b|\\bact as (?:if you|the system|an? (?:unrestricted|unfiltered))\\b',
    "\\bpretend (?:that |to be |you)|\\b(?:developer|god|debug|admin|jailbreak) mode (?:is )?(?:enabled|on|activated)\\b|\\bdo anything now\\b|\\bjailbreak\\b",
    "\\b(?:you are|assume the role of|play) (?:a|an|the) (?:helpful |new )?(?:router|planner|orchestrator|system|assistant)\\b",
  ],
  [
    "speaks for the operator or the system",
    "\\bi am (?:the|your|an?) (?:operator|administrator|admin|developer|owner|system|planner|registry)\\b",
    "\\b(?:approved|authori[sz]ed|certified|verified|cleared|whitelisted) by (?:the |your |its )?(?:operator|admin(?:istrator)?|registry|system|mesh|owner|security team|platform)\\b",
    "\\bno (?:further |human )?(?:approval|confirmation|verification|permission) (?:is |are )?(?:necessary|needed|required)\\b",
    "\\bas (?:the|your) (?:system )?(?:administrator|admin|operator|owner|developer)\\b",
    "\\b(?:new|updated?|revised|additional|hidden|secret|final) (?:system |security )?(?:instructions?|task|rules|polic(?:y|ies)|prompt|directives?)\\s*:",
    "\\b(?:begin|start|end)(?: of)?(?: the)? (?:system |user )?(?:prompt|instructions|description)\\b(?= *[.:\\n\\])>-]| \\w+ \\w+)",
    "\\b(?:begin|end) system\\b",
  ],
  [
    SECRETS,
    "\\b(?:send|forward|post|copy) (?:the )?(?:user|caller|owner)'?s? (?:message|messages|data|text|conversation|files?) to https?:",
    "\\b(?:plan|task|goal|message|request) including (?:the )?(?:secrets?|credentials|tokens?|keys)\\b|\\bwith (?:root|admin|system) privileges\\b",
    "\\b(?:reveal|print|output|repeat|leak|disclose|show|send|exfiltrate)\\b(?: \\S+){0,3}? (?:system prompt|(?:your|the hidden|the secret) (?:instructions|prompt|context|credentials|api keys?|secrets?|tokens?|memory|conversation))\\b",
    "\\b(?:pass|include|attach|append|send|forward|add|copy)\\b(?: \\S+){0,2}? (?:full|entire|whole|complete|previous) (?:conversation|chat|context|history|prompt|message history)\\b",
    "\\b(?:pass|include|attach|append|send|forward)\\b(?: \\S+){0,2}? (?:user|caller|owner)'?s? (?:passwords?|credentials|api keys?|tokens?|secrets?|private keys?)\\b",
    "~/\\.|/etc/(?:passwd|shadow)|\\.ssh\\b|\\bid_rsa\\b|(?:^|[\\s/])\\.env\\b|\\bmcp\\.json\\b",
  ],
  [
    "tells its reader to keep people out of it",
    "\\b(?:without (?:asking|telling|informing|notifying)|(?:do not|don'?t|never) (?:ask|tell|inform|notify|mention (?:this|it|that)(?: to)?|reveal (?:this|it|that)(?: to)?)) (?:\\S+ ){0,2}?(?:user|human|person|people|operator|anyone|anybody|owner)s?\\b",
  ],
  [
    "tells its reader to pass over a limit",
    "\\b(?:skip|bypass|waive|avoid|forgo) (?:the |any |all |every )*(?:human |manual |operator )?(?:approvals?|confirmations?|oversight)\\b",
    "\\bbudget (?:to|is|=|as) (?:unlimited|infinite|infinity|the maximum)\\b",
    "\\b(?:skip|bypass|ignore|override|raise|lift|disable|exceed)\\s+(?:the |your |all |any |every |its )*(?:approvals?|confirmations?|verifications?|budgets?|spending limits?|safety (?:checks?|rules)|limits? of the mesh|safeguards?)\\b",
  ],
  [
    TURN,
    "(?:^|[\\n\"'`>\\]])\\s*(?:system|assistant|developer|human)\\s*(?:message|prompt|note)?\\s*:\\s*\\S",
    "<\\|[\\w-]+\\|>|\\[\\/?(?:inst|system|sys)\\]|<<\\/?sys>>|#{2,}\\s*(?:system|instructions?|assistant)\\b",
    "<\\/?(?:system|assistant|instructions?|prompt|important|secret|hidden|admin|critical)(?:\\s[^>]{0,200})?>",
  ],
  [
    "holds the syntax of a tool call",
    "\\b(?:delegate|call_agent|invoke|select_agent|route_to|call_tool|use_tool) ?\\(|\\b(?:assistant|recipient) ?to=\\w",
    '<\\/?(?:tool_call|tool_use|function_calls?|invoke|tool_result)\\b|"(?:tool_calls?|function_call|tool_use)"\\s*:|"name"\\s*:\\s*"[^"]{0,200}"\\s*,\\s*"(?:arguments|parameters|input)"\\s*:',
  ],
  [
    "holds text that is not shown",
    "<!--|display\\s*:\\s*none|visibility\\s*:\\s*hidden|font-size\\s*:\\s*0|<(?:script|style|iframe|template)\\b",
  ],
];

/** What a wording does, and how it is recognised in small letters: that, and no Unicode classes, makes them ten times as fast. */
export const INSTRUCTIONS: readonly (readonly [what: string, pattern: RegExp])[] = WORDINGS.map(([what, ...wordings]) => [
  what,
  new RegExp(wordings.map((wording) => `(?:${wording})`).join("|")),
]);

/** Asked for politely or not, this is wooing: it is no attack, and no word of it counts. */
export const WOOING = new RegExp(`\\b(?:${CALL}|trust|try|go with|rely on)\\s+${ITSELF}(?!\\s+(?:to|for|when|if|with|as|in)\\b)`);
