/** What is said to a callee that asks, and how it is put in words for those that read nothing else. Pure. */
import type { Principal } from "../../auth/principal.ts";
import type { JsonObject, Message } from "../../task/a2a-types.ts";
import type { Said } from "../../task/answering.ts";
import { actionName } from "../../task/approval.ts";
import type { AsksBack } from "../calls.ts";

export type Reply =
  | {
      readonly parts: Message["parts"];
      readonly answer?: JsonObject;
      readonly by?: readonly Principal[];
      /** Why an action that it asks about may not be done. */
      readonly declined?: string;
    }
  /**
   * Nobody answered in time. `there`: at the callee the time of this question is over too, and what it makes of that is to be
   * looked at; `here`: it would wait for ever.
   */
  | { readonly expired: "here" | "there"; readonly past?: string };

/** @returns the id of the callee's question, where it has one in the mesh's own form */
export function askedId({ asks }: AsksBack): string | undefined {
  return asks?.form === "interrupt" ? asks.interrupt.id : undefined;
}

/** @param digest of the action that was decided on, where its asker names it so */
export function inParts(said: Said, digest = ""): Message["parts"] {
  if ("text" in said) return [{ text: said.text }];
  const name = digest && ` ${actionName(digest)}`;
  return [{ text: said.approved ? `yes${name}` : `no${name}: ${said.reason}` }];
}

/** Of several, the first that somebody said no to. */
export function declinedIn(...all: readonly Said[]): { declined?: string } {
  const no = all.find((said) => "approved" in said && !said.approved);
  return no && "reason" in no ? { declined: no.reason } : {};
}

export function afterRefusal({ refused }: AsksBack, words: string): string {
  return refused === undefined ? words : `The last answer was not taken: ${refused}\n\n${words}`;
}
