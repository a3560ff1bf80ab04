import { describe, expect, it } from "vitest";
import { type CallEnd, type Ended, saysOf } from "../../../shared/host/calling/call-says.ts";

// What the end of a call says of its agent, and what of it was its caller's own doing.

const BREAKER = { slowMs: 15_000, deadlineMs: 60_000 };
const ended = (reason: (Ended & { ok: false })["reason"]): Ended => ({ ok: false, reason });
const asks: Ended = { ok: "asks" };
const rejected: Ended = { ok: false, reason: "refused", rejected: true };

function says(result: Ended, more: Partial<CallEnd> = {}, breaker = BREAKER) {
  return saysOf(breaker, { result, waitedMs: 40, isFirst: true, isLetGo: false, ...more });
}

describe("the end of a call", () => {
  it.each([
    ["an answer", { ok: true }, "worked"],
    ["a failure", ended("failed"), "failed"],
    ["nonsense", ended("nonsense"), "failed"],
    ["an agent that is away", ended("unreachable"), "failed"],
    ["a question", asks, "asked"],
    ["a refusal", rejected, "declined"],
  ] as const)("says so of the agent: %s", (_what, result, what) => {
    expect(says(result)).toBe(what);
  });

  it.each([
    ["was canceled, or taken back on this side", ended("refused"), {}],
    ["was let go of", ended("failed"), { isLetGo: true }],
    ["was let go of and refused", rejected, { isLetGo: true }],
    ["was refused after an answer, which may have been a person's no", rejected, { isFirst: false }],
    ["asked once more", asks, { isFirst: false }],
    ["wants more of what its caller has set aside", { ok: "asks", metadata: {} }, {}],
    ["was stopped by a limit", ended("stopped"), {}],
  ] as const)("says nothing of the agent where it %s", (_what, result, more) => {
    expect(says(result, more)).toBe("says-nothing");
  });

  it.each([
    ["1 ms less than what counts as slow", 14_999, BREAKER, "says-nothing"],
    ["what counts as slow", 15_000, BREAKER, "failed"],
    ["all that the contract gives, which is less", 1_000, { slowMs: 15_000, deadlineMs: 1_000 }, "failed"],
    ["less than that", 999, { slowMs: 15_000, deadlineMs: 1_000 }, "says-nothing"],
  ] as const)("by its deadline is the agent's failure when it had enough time: %s", (_what, waitedMs, breaker, what) => {
    expect(says(ended("deadline"), { waitedMs }, breaker)).toBe(what);
  });
});
