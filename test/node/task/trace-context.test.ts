import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { traceparentFor, traceparentIn } from "../../../shared/task/trace-context.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("a trace context", () => {
  it.each([
    ["nothing", null],
    ["another version", PARENT.replace(/^00/, "01")],
    ["a trace of zeros", PARENT.replace(/[0-9a-f]{32}/, "0".repeat(32))],
    ["a span of zeros", PARENT.replace(/-[0-9a-f]{16}-/, `-${"0".repeat(16)}-`)],
    ["capitals", PARENT.toUpperCase()],
    ["a line more", `${PARENT}\nx: y`],
  ])("that is malformed is passed over: %s", (_case, header) => {
    expect(traceparentIn(header)).toBeUndefined();
  });

  it("goes on with the trace and a span of its own for each call, the same one when the call is repeated", () => {
    expect(traceparentIn(PARENT)).toBe(PARENT);
    fc.assert(
      fc.property(fc.string(), (call) => {
        const next = traceparentFor(PARENT, call);
        expect(traceparentIn(next ?? null)).toBe(next);
        expect(next).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
        expect(traceparentFor(PARENT, call)).toBe(next);
        expect(next).not.toBe(PARENT);
      }),
    );
  });
});
