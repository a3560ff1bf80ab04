import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSecretKeys, type SecretKeys, seal, unseal } from "../../../shared/auth/secret-box.ts";

const key = () => randomBytes(32).toString("base64");

async function keysOf(...keys: string[]): Promise<SecretKeys & { ok: true }> {
  const read = await readSecretKeys({ SKEIN_SECRETS_KEY: keys.join(",") });
  if (!read.ok) throw new Error(read.problem);
  return read;
}

describe("a box", () => {
  it("gives back what was put in, whatever it was", async () => {
    const keys = await keysOf(key());
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })),
        fc.string(),
        async (secrets, place) => {
          expect(await unseal(await seal(secrets, keys, place), keys, place)).toEqual(JSON.parse(JSON.stringify(secrets)));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("shows nothing of what is in it, and is another one each time", async () => {
    const keys = await keysOf(key());
    const boxes = [await seal({ token: "tea-time" }, keys, "a"), await seal({ token: "tea-time" }, keys, "a")];
    expect(boxes[0]).not.toBe(boxes[1]);
    for (const text of boxes.flatMap((box) => box.split(".").map((part) => Buffer.from(part, "base64url").toString("latin1"))))
      expect(text).not.toContain("tea-time");
  });

  it("stays shut at another place, with another key, and when a letter of it was changed", async () => {
    const [ours, theirs] = [await keysOf(key()), await keysOf(key())];
    const box = await seal({ token: "t" }, ours, "task-1");
    await expect(unseal(box, ours, "task-2")).rejects.toThrow("another place");
    await expect(unseal(box, theirs, "task-1")).rejects.toThrow("no key");
    for (const at of [2, box.length - 30, box.length - 3]) {
      const changed = box.slice(0, at) + (box[at] === "A" ? "B" : "A") + box.slice(at + 1);
      await expect(unseal(changed, ours, "task-1")).rejects.toThrow();
    }
  });

  it("is opened by the former key while the new one takes its place, and shut with the new one", async () => {
    const [old, recent] = [key(), key()];
    const box = await seal({ token: "t" }, await keysOf(old), "p");
    const both = await keysOf(recent, old);
    expect(await unseal(box, both, "p")).toEqual({ token: "t" });
    expect(await unseal(await seal({ token: "u" }, both, "p"), await keysOf(recent), "p")).toEqual({ token: "u" });
    await expect(unseal(box, await keysOf(recent), "p")).rejects.toThrow("no key");
  });
});

describe("a key that cannot be used", () => {
  it.each([
    [undefined, "is not set"],
    ["", "is not set"],
    [" , ", "is not set"],
    ["c2hvcnQ=", "must be 32 bytes in base64"],
    ["not base64 at all, but long enough to be taken for it", "must be 32 bytes in base64"],
    [`${"A".repeat(43)}=,c2hvcnQ=`, "must be 32 bytes in base64"],
  ])("%j is named as such, without a word of it", async (text, problem) => {
    const read = await readSecretKeys({ SKEIN_SECRETS_KEY: text });
    expect(read).toEqual({ ok: false, problem: `SKEIN_SECRETS_KEY ${problem}` });
  });
});
