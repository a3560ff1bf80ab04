/**
 * The planner that goes by rules: no model, the same plan for the same words and cards. It cuts the request (split.ts),
 * sees what builds on what (reference.ts), ranks the cards' skills for each goal (ranking.ts), gives attachments to
 * whoever can take them (attachment.ts), and adds what a good answer needs: gather before composing, compose when there
 * is much, check what was composed. The added goals find their skill by ranking, like any other: a mesh without a writer
 * gets a plan without one.
 */
import type { Candidate } from "../policy/dispatch.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import { kindOf, takes } from "./attachment.ts";
import type { PlannedGoal } from "./plan.ts";
import type { Attachment, Planner, PlanRequest } from "./planner.ts";
import { type Ranker, rankerOf } from "./ranking.ts";
import { buildsOnEarlier } from "./reference.ts";
import { type Piece, split } from "./split.ts";
import type { Kind } from "./terms.ts";

/** What the added goals want, in words that a card for such a skill would use. */
const COMPOSE = "compose an answer from the findings";
const CHECK = "check the draft against its sources";
const GATHER = "find passages in the documents";
const TAKE_IN = "ingest the attached documents";
/** An added goal is only worth planning when its skill is plainly there. */
const PLAINLY = 0.5;
/** A goal of the request counts as composing or checking from here on. A guess at the plan's shape: no floor. */
const LIKELY = 0.4;

export const rulesPlanner: Planner = {
  plan(request) {
    const ranker = rankerOf(request.catalogue);
    const all = request.attachments.map((_, index) => index);
    const everything = skillsOf(request.catalogue);
    const text = request.text.trim();
    if (request.named) {
      const only = { ...goal("g1", text || request.named), surface: [request.named], attachments: all };
      return { request: text, goals: [{ ...only, candidates: [candidateOf(request.named)], stop: text ? "answer" : "acknowledgement" }] };
    }
    const pieces = split(text, ranker.verbs);
    if (pieces.length === 0 && all.length > 0) return { request: text, goals: [takeIn("g1", all, request, ranker)] };

    const asked = askedGoals(pieces, request, ranker).map((each) => ({ ...each, surface: everything }));
    const withMaterial = giveAttachments(asked, request, ranker);
    return { request: text, goals: addComposing(withMaterial, ranker, request.published, text) };
  },

  rank({ text, surface }, catalogue) {
    return rankerOf(catalogue)
      .rank(text)
      .filter(({ agent, skill }) => surface.includes(`${agent}/${skill}`));
  },
};

function goal(id: string, text: string): PlannedGoal {
  return {
    id,
    text,
    parent: null,
    dependsOn: [],
    origin: "request",
    when: "always",
    role: "asked",
    surface: [],
    stop: "answer",
    candidates: [],
    attachments: [],
  };
}

function askedGoals(pieces: readonly Piece[], { attachments }: PlanRequest, ranker: Ranker): PlannedGoal[] {
  // A table is asked about directly. A document is taken in first: it says nothing about who answers (giveAttachments).
  const kinds = attachments.map(kindOf).filter((kind): kind is Kind => kind === "<table>");
  const goals: PlannedGoal[] = [];
  for (const [index, piece] of pieces.entries()) {
    // With one goal there is no doubt whom the attachments are for; with several, each speaks for itself.
    const candidates = ranker.rank(piece.text, pieces.length === 1 ? kinds : []);
    const dependsOn = buildsOnEarlier(piece) ? ends(goals) : [];
    goals.push({ ...goal(`g${index + 1}`, piece.text), candidates, dependsOn });
  }
  return goals;
}

/** Each attachment to the goals whose best skill can take it; what nobody takes is taken in first, for all to use. */
function giveAttachments(goals: readonly PlannedGoal[], request: PlanRequest, ranker: Ranker): PlannedGoal[] {
  const { attachments, catalogue } = request;
  const given = goals.map((each) => {
    const best = each.candidates[0];
    const fits = (attachment: Attachment) => best !== undefined && takes(catalogue, keyOf(best), attachment);
    return { ...each, attachments: attachments.flatMap((attachment, index) => (fits(attachment) ? [index] : [])) };
  });
  const left = attachments.map((_, index) => index).filter((index) => !given.some((each) => each.attachments.includes(index)));
  if (left.length === 0) return given;
  const first = { ...takeIn("g0", left, request, ranker), origin: "planner" } as const;
  // Nobody takes it in: the goals get it as it is, and their skill may say what it thinks of it.
  if (first.candidates.length === 0) return given.map((each) => ({ ...each, attachments: [...each.attachments, ...left] }));
  return [first, ...given.map((each) => ({ ...each, dependsOn: each.dependsOn.length > 0 ? each.dependsOn : [first.id] }))];
}

/** Ranked by what it is, and only among the skills that can take what is attached. */
function takeIn(id: string, attachments: readonly number[], { attachments: all, catalogue }: PlanRequest, ranker: Ranker): PlannedGoal {
  const mine = attachments.flatMap((index) => all[index] ?? []);
  const candidates = ranker.rank(TAKE_IN, ["<file>"]).filter((each) => mine.some((one) => takes(catalogue, keyOf(each), one)));
  const text = `${TAKE_IN}: ${mine.map(({ name }) => name).join(", ")}`;
  return { ...goal(id, text), candidates, attachments, stop: "acknowledgement", surface: candidates.map(keyOf) };
}

/** Gathers for goals that compose, composes what the goals bring, checks what was composed. */
function addComposing(asked: readonly PlannedGoal[], ranker: Ranker, published: PlanRequest["published"], request: string): PlannedGoal[] {
  const composer = plainly(ranker, COMPOSE, published);
  const checker = plainly(ranker, CHECK, published);
  const gatherer = plainly(ranker, GATHER, published);
  const isFor = (each: PlannedGoal, role: readonly Candidate[] | undefined) => {
    const best = each.candidates[0];
    return best !== undefined && best.score >= LIKELY && role?.some((other) => keyOf(best) === keyOf(other)) === true;
  };

  const goals: PlannedGoal[] = [];
  for (const each of asked) {
    const before = each.dependsOn.length > 0 ? each.dependsOn : ends(goals);
    const drafts = before.filter((id) => goals.some((other) => other.id === id && other.role === "compose"));
    if (isFor(each, checker) && drafts.length > 0) goals.push({ ...each, dependsOn: drafts, role: "check" });
    else if (!isFor(each, composer)) goals.push(each);
    else if (before.length > 0) goals.push({ ...each, dependsOn: before, role: "compose" });
    else if (gatherer && !isFor(each, gatherer)) {
      const gather = {
        ...goal(`${each.id}-sources`, `find passages about ${topicOf(each.text)}`),
        parent: each.id,
        origin: "planner",
        role: "gather",
      } as const;
      goals.push({ ...gather, surface: gatherer.map(keyOf), candidates: gatherer });
      goals.push({ ...each, dependsOn: [gather.id], role: "compose" });
    } else goals.push({ ...each, role: "compose" });
  }

  let draft = goals.findLast(({ role }) => role === "compose");
  const alreadyChecks = asked.some((each) => isFor(each, checker));
  if (!draft && composer && !alreadyChecks && asked.some(({ stop }) => stop === "answer")) {
    const own = { ...goal("compose", COMPOSE), origin: "planner", role: "compose", when: "several-findings" } as const;
    draft = { ...own, dependsOn: goals.map(({ id }) => id), surface: composer.map(keyOf), candidates: composer };
    goals.push(draft);
  }
  if (draft && checker && !alreadyChecks && request) {
    const check = {
      ...goal("check", CHECK),
      origin: "planner",
      role: "check",
      dependsOn: [draft.id],
      surface: checker.map(keyOf),
    } as const;
    goals.push({ ...check, candidates: checker });
  }
  return goals;
}

/**
 * The skill that is plainly for it: well above what chance words give, and ahead of the next. Beside it those that score the same,
 * where somebody of them was published: their names must not decide who is called, which is for whoever knows what they are worth.
 */
function plainly(ranker: Ranker, text: string, published: ReadonlySet<string> = new Set()): readonly Candidate[] | undefined {
  const ranked = ranker.rank(text);
  const [best] = ranked;
  if (!best || best.score < PLAINLY) return undefined;
  const level = ranked.filter(({ score }) => score === best.score);
  const agents = new Set(level.map(({ agent }) => agent));
  return agents.size === level.length && level.some(({ agent }) => published.has(agent)) ? level : [best];
}

/** "Write a report on the outage" is about the outage, "summarise what the documents say about it" too. */
function topicOf(text: string): string {
  const said = /\bwhat (?:\S+ ){1,3}(?:says?|said|states?|tells? us|knows?|writes?) (?:about|on|of) (.+)$/is.exec(text)?.[1];
  if (said) return said.trim();
  return /\b(?:about|on|of|regarding|concerning|why|how|what|where|which)\b\s*(.+)$/is.exec(text)?.[1]?.trim() ?? text;
}

/** The goals nothing builds on yet: whoever comes next and says "from that" means these. */
function ends(goals: readonly PlannedGoal[]): string[] {
  return goals.map(({ id }) => id).filter((id) => !goals.some(({ dependsOn }) => dependsOn.includes(id)));
}

function keyOf({ agent, skill }: Candidate): string {
  return `${agent}/${skill}`;
}

function candidateOf(key: string): Candidate {
  const [agent = "", skill = ""] = key.split("/", 2);
  return { agent, skill, score: 1 };
}

function skillsOf(catalogue: readonly AgentCard[]): string[] {
  return catalogue.flatMap((card) => card.skills.map((skill) => `${card.name}/${skill.id}`));
}
