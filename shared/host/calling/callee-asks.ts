/** What a callee asks, as the wire reads it and a run passes it up. Types only. */
import type { JsonObject } from "../../task/a2a-types.ts";
import type { Interrupt } from "../../task/interrupt-extension.ts";

/** What a callee asks in a form that takes a structured answer: the mesh's own, or the human-in-the-loop profile's. */
export type CalleeAsks =
  | { readonly form: "interrupt"; readonly interrupt: Interrupt }
  | {
      readonly form: "approvals";
      readonly hint?: string;
      readonly tools: readonly { readonly id: string; readonly name: string; readonly args: JsonObject }[];
    }
  | {
      readonly form: "questions";
      readonly id: string;
      readonly questions: readonly { readonly question: string; readonly choices?: readonly string[]; readonly multiple?: true }[];
    };
