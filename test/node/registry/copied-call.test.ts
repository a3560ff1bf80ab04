import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSmall, partsOf } from "../../../shared/registry/copied-call.ts";
import { type Copying, withCopy, withoutCopy } from "../../../shared/registry/copy-slots.ts";

// What of a call goes along in its copy, and how many copies there are.

const MESSAGE = { messageId: "m-1", role: "ROLE_USER", parts: [{ text: "count three herons" }] };

describe("a copy", () => {
  it("has what was asked, and nothing else of the call", () => {
    const secret = "acme-secret";
    const message = {
      ...MESSAGE,
      parts: [
        { text: "count", metadata: { secret } },
        { mediaType: "application/json", data: { pond: "north" } },
      ],
      contextId: secret,
      referenceTaskIds: [secret],
      extensions: [secret],
      metadata: { "urn:skein:ext:governance:v1": { secret } },
    };
    const configuration = { acceptedOutputModes: ["text/plain"], taskPushNotificationConfig: { url: "https://x.example", token: secret } };
    const copy = partsOf({ message, configuration, tenant: secret, metadata: { secret } });
    expect(copy).toEqual([{ text: "count" }, { mediaType: "application/json", data: { pond: "north" } }]);
    // Also in the order that it had: by another one the copy could be told from the call.
    expect(copy?.map((each) => Object.keys(each))).toEqual([["text"], ["mediaType", "data"]]);
    expect(JSON.stringify(copy)).not.toContain(secret);
  });

  it.each<[string, unknown]>([
    ["goes to a task", { message: { ...MESSAGE, taskId: "t-1" } }],
    ["has no message", {}],
    ["has no parts", { message: { ...MESSAGE, parts: [] } }],
    ["is no JSON", { message: { ...MESSAGE, parts: [{ data: 1n }] } }],
    ["is too long", { message: { ...MESSAGE, parts: [{ text: "x".repeat(256 * 1024) }] } }],
    ["has more parts than anybody reads", { message: { ...MESSAGE, parts: Array.from({ length: 101 }, () => ({ text: "x" })) } }],
  ])("is not made of a request that %s", (_, params) => expect(partsOf(params)).toBeUndefined());

  it("is never larger than what it was made of may be, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.record({ message: fc.record({ parts: fc.array(fc.anything()) }) })), (params) => {
        const copy = partsOf(params);
        if (copy) expect(isSmall(params)).toBe(true);
      }),
    );
  });
});

describe("copies", () => {
  it("are out two at a time, and so many begin in any minute, whatever comes when", () => {
    const events = fc.array(fc.record({ after: fc.nat({ max: 30_000 }), comesBack: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(events, fc.integer({ min: 0, max: 8 }), (all, perMinute) => {
        let copies: readonly Copying[] = [];
        const begun: number[] = [];
        let now = 0;
        for (const [id, { after, comesBack }] of all.entries()) {
          now += after;
          const next = withCopy(copies, id, now, perMinute);
          if (next) begun.push(now);
          copies = next ?? copies;
          if (comesBack) copies = withoutCopy(copies, id);
          expect(copies.filter(({ isOut }) => isOut).length).toBeLessThanOrEqual(2);
          expect(begun.filter((at) => now - at < 60_000).length).toBeLessThanOrEqual(perMinute);
        }
      }),
    );
  });

  it("that never come back are given up after a minute", () => {
    const both = [0, 1].reduce<readonly Copying[]>((copies, id) => withCopy(copies, id, 0, 6) ?? [], []);
    expect(withCopy(both, 2, 59_999, 6)).toBeUndefined();
    expect(withCopy(both, 2, 60_000, 6)).toHaveLength(1);
  });
});
