import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkKey, hashOf, type KeyRecord, newKey } from "../../../shared/auth/api-key.ts";
import { T0 } from "./an-issuer.ts";

async function kept(more: Partial<KeyRecord> = {}): Promise<{ text: string; record: KeyRecord }> {
  const { id, text, hash } = await newKey();
  return { text, record: { id, hash, tenant: "acme", app: "bot", subject: "bot", scopes: ["call"], ...more } };
}

describe("an API key", () => {
  it("is known by its hash alone, which is plain SHA-256", async () => {
    const { text, record } = await kept();
    expect(record.hash).toBe(createHash("sha256").update(text).digest("base64url"));
    expect(JSON.stringify(record)).not.toContain(text.slice(-43));
    const others = [(await kept()).record, record, (await kept()).record];
    expect(await checkKey(text, others, T0)).toEqual({ ok: true, record });
  });

  it("is another one each time, and has 256 random bits", async () => {
    const texts = await Promise.all(Array.from({ length: 50 }, async () => (await newKey()).text));
    expect(new Set(texts).size).toBe(50);
    for (const text of texts) expect(Buffer.from(text.slice(-43), "base64url")).toHaveLength(32);
  });

  it("is refused alike whether its id or its secret is wrong", async () => {
    const [mine, other] = [await kept(), await kept()];
    const wrongSecret = `skein_${mine.record.id}_${other.text.slice(-43)}`;
    const refusals = [
      await checkKey(wrongSecret, [mine.record], T0),
      await checkKey(other.text, [mine.record], T0),
      await checkKey(mine.text, [], T0),
    ];
    expect(refusals[0]).toMatchObject({ ok: false, message: expect.stringMatching(/not one of this mesh's/) });
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
  });

  it("is refused with any one character of it changed, and without being repeated", async () => {
    const { text, record } = await kept();
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), async (at, by) => {
        const changed = text.slice(0, at) + by + text.slice(at + 1);
        fc.pre(changed !== text);
        const checked = await checkKey(changed, [record], T0);
        expect(checked.ok ? "let in" : checked.message).not.toContain(text.slice(-20));
        expect(checked.ok).toBe(false);
      }),
    );
  });

  it.each(["", "skein_", "x".repeat(10_000), "skein_00000000_short", "SKEIN_00000000_".padEnd(58, "A")])(
    "of another form is called malformed: %.20s",
    async (text) => {
      expect(await checkKey(text, [(await kept()).record], T0)).toMatchObject({ ok: false, message: expect.stringMatching(/malformed/) });
    },
  );

  it("ends when its time is over, and says so only to who holds it", async () => {
    const { text, record } = await kept({ expires: T0 });
    expect(await checkKey(text, [record], T0 - 1)).toMatchObject({ ok: true });
    expect(await checkKey(text, [record], T0)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/expired at 2026-11-21T12:00:00.000Z/),
    });
    const guess = `skein_${record.id}_${"A".repeat(43)}`;
    expect(await checkKey(guess, [record], T0)).toMatchObject({ ok: false, message: expect.not.stringMatching(/expired/) });
  });

  it("hashes equal texts equally and different ones differently", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (a, b) => {
        expect((await hashOf(a)) === (await hashOf(b))).toBe(a === b);
      }),
    );
  });
});
