import { describe, expect, it } from "vitest";
import { newHolderKey } from "../../../shared/chain/envelope.ts";
import { chainKeys } from "../../../shared/chain/keys.ts";
import { chainOf, hopTo, MESH, verdict } from "./chains.ts";

// What an operator sets, and what is said about it.

const A = hopTo("a");
const own = await newHolderKey();
const { d: _, ...published } = await newHolderKey();

describe("the keys of chains", () => {
  it("are none where none is set: nothing is signed there, and nobody's envelope is taken", async () => {
    const keys = await chainKeys({});
    expect(keys).toEqual({ verify: new Map() });
    expect(await verdict(await chainOf([A]), A, { keys: keys.verify })).toBe("forged");
  });

  it("are read once for as long as the variables stay as they are", async () => {
    const env = { SKEIN_CHAIN_KEY: JSON.stringify(own) };
    expect(await chainKeys(env)).toBe(await chainKeys({ ...env }));
  });

  it("let a mesh take what its former key has signed, once that is among the keys of others", async () => {
    const before = await chainKeys({ SKEIN_CHAIN_KEY: JSON.stringify(own) });
    const { d: __, ...former } = own;
    const after = { SKEIN_CHAIN_KEY: JSON.stringify(await newHolderKey()) };
    const envelope = await chainOf([A], before.sign);
    expect(await verdict(envelope, A, { keys: (await chainKeys(after)).verify })).toBe("forged");
    const both = await chainKeys({ ...after, SKEIN_CHAIN_KEYS: JSON.stringify({ keys: [former] }) });
    expect(await verdict(envelope, A, { keys: both.verify })).toBe("ok");
    expect(await verdict(await chainOf([A], both.sign), A, { keys: both.verify })).toBe("ok");
  });

  it("are told apart by the kid they have, or else by their thumbprint", async () => {
    const keys = [{ ...published, kid: "theirs" }];
    const { sign, verify } = await chainKeys({ SKEIN_CHAIN_KEY: JSON.stringify(own), SKEIN_CHAIN_KEYS: JSON.stringify({ keys }) });
    expect([...verify.keys()]).toEqual([sign?.kid, "theirs"]);
    expect(sign?.kid).toMatch(/^[\w-]{43}$/);
    expect(sign?.kid).not.toBe(MESH.sign.kid);
  });

  it.each<[string, { SKEIN_CHAIN_KEY?: string; SKEIN_CHAIN_KEYS?: string }, string]>([
    ["no JSON", { SKEIN_CHAIN_KEY: "hunter2" }, "SKEIN_CHAIN_KEY is no private Ed25519 key: make one with"],
    ["a public key", { SKEIN_CHAIN_KEY: JSON.stringify(published) }, "SKEIN_CHAIN_KEY is no private Ed25519 key"],
    ["a key of another curve", { SKEIN_CHAIN_KEY: JSON.stringify({ ...own, crv: "X25519" }) }, "SKEIN_CHAIN_KEY is no private Ed25519 key"],
    ["halves of two keys", { SKEIN_CHAIN_KEY: JSON.stringify({ ...own, x: published.x }) }, "two halves do not belong together"],
    ["a key where a set must be", { SKEIN_CHAIN_KEYS: JSON.stringify(published) }, "SKEIN_CHAIN_KEYS is no set of public Ed25519 keys"],
    ["a private key among others", { SKEIN_CHAIN_KEYS: JSON.stringify({ keys: [own] }) }, "SKEIN_CHAIN_KEYS is no set of public"],
    ["a kid twice", { SKEIN_CHAIN_KEYS: JSON.stringify({ keys: [published, published] }) }, "SKEIN_CHAIN_KEYS has a kid twice"],
  ])("are refused with what to set, and without a word of their content: %s", async (_what, env, words) => {
    const problem = await chainKeys(env).then(
      () => "taken",
      (error: Error) => error.message,
    );
    expect(problem).toContain(words);
    for (const secret of [own.d, own.x, published.x, "hunter2"]) expect(problem).not.toContain(secret);
  });
});
