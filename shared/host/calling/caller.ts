/**
 * What the calls of a run see of it: its task, its values, its questions, and how it waits. An adapter, which decides nothing; one
 * is made for each run, so that its calls share what they have out.
 */

import { withdraw } from "../answers.ts";
import type { Questions } from "../asking.ts";
import type { CallingRun } from "../calls.ts";
import type { Memo } from "../memo.ts";
import type { Run } from "../program.ts";

/** Of the run, what its program does not see. */
export interface Inside<Env> extends Pick<CallingRun<Env>, "task" | "governor" | "outbound" | "waits" | "during" | "away"> {
  readonly questions: Questions;
  readonly memo: Memo;
}

export function toCalls<Env>(run: Run<Env>, { questions, memo, ...inside }: Inside<Env>): CallingRun<Env> {
  return {
    ...inside,
    env: run.env,
    // Asked for late: a signal is made for those who want one.
    get signal() {
      return run.signal;
    },
    out: new Set(),
    budgetQuestion: { count: 0, open: undefined, waiting: new Map() },
    promised: new Map(),
    decide: (name, signals, decision) => run.decide(name, signals, decision),
    emit: (artifact) => run.emit(artifact),
    progress: (text, metadata) => run.progress(text, metadata),
    ask: (question, metadata) => questions.ask(question, metadata),
    put: (name, question, metadata, about) => questions.put(name, question, metadata, about),
    withdraw: (name) => {
      withdraw(inside.task, name);
      questions.answer(name);
    },
    recall: (name) => memo.recall(name),
    known: (name) => memo.known(name),
    remember: (name, value) => memo.remember(name, value),
  };
}
