import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beginEnvelope, type NextHop, narrowEnvelope, newHolderKey } from "../../../shared/chain/envelope.ts";
import { amount, anyChain, BEGINNING, chainOf, foldOf, hopTo, MESH, SUBJECT, T0, verdict, verify } from "./chains.ts";

// What its holders may do with an envelope, and what comes out at the other end.

const A = hopTo("a");
const B = hopTo("b", { hops: 7 });

describe("an envelope", () => {
  it("delegates what its hops add up to, however it was narrowed", async () => {
    await fc.assert(
      fc.asyncProperty(anyChain, async (hops) => {
        const envelope = await chainOf(hops);
        expect(await verify(envelope, hops.at(-1) ?? A)).toEqual({ ok: true, delegation: foldOf(hops), envelope });
      }),
      { numRuns: 60 },
    );
  });

  it("grows by one block a hop, and no block is ever replaced", async () => {
    const one = await chainOf([A]);
    const two = await narrowEnvelope(one, B, await newHolderKey());
    expect(two.blocks.length).toBe(2);
    expect(two.blocks[0]).toBe(one.blocks[0]);
  });

  it("is narrowed with the key that came with it, which stays with its holder", async () => {
    const one = await chainOf([A]);
    const two = await narrowEnvelope(one, B, await newHolderKey());
    const text = JSON.stringify(two.blocks.map((block) => block.split(".").slice(0, 2).map(decoded)));
    expect(two.key).not.toEqual(one.key);
    expect(JSON.stringify(two)).not.toContain(one.key["d"]);
    expect(text).not.toContain(two.key["d"]);
  });

  it("is taken by each agent of its chain for its own call only", async () => {
    const hops = [A, B, hopTo("c", { hops: 6 })];
    for (const [index, at] of hops.entries()) {
      const envelope = await chainOf(hops.slice(0, index + 1));
      for (const other of hops) expect(await verdict(envelope, other)).toBe(other === at ? "ok" : "wrong-audience");
    }
  });

  it("keeps the trace of its latest call, and that of an earlier one where that says nothing", async () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const later = `00-${"a".repeat(32)}-${"c".repeat(16)}-01`;
    const traced = async (hops: NextHop[]) => {
      const verified = await verify(await chainOf(hops), hops.at(-1) ?? A);
      return verified.ok && verified.delegation.traceparent;
    };
    expect(await traced([{ ...A, traceparent }, B])).toBe(traceparent);
    expect(
      await traced([
        { ...A, traceparent },
        { ...B, traceparent: later },
      ]),
    ).toBe(later);
  });

  it("holds to the contracts that its chain began under, whatever is deployed later", async () => {
    const later = { ...B, contracts: { "chain-cap": 9 } };
    expect(await verify(await chainOf([A, later]), later)).toMatchObject({ ok: true, delegation: { contracts: A.contracts } });
  });

  it("may be 31 blocks long, which is as deep as the platform lets Workers call each other, and no longer", async () => {
    const holders = Array.from({ length: 31 }, () => holder);
    const hops = Array.from({ length: 31 }, (_, index) => hopTo(`agent-${index}`, { hops: 31 - index }));
    const envelope = await chainOf(hops, MESH.sign, holders);
    expect(await verdict(envelope, hops.at(-1) ?? A)).toBe("ok");
    expect(await verdict({ ...envelope, blocks: [...envelope.blocks, envelope.blocks[30]] }, hops.at(-1) ?? A)).toBe("malformed");
    await expect(narrowEnvelope(envelope, hopTo("one-more", { hops: 0 }), holder)).rejects.toThrow("32 blocks");
  });
});

const holder = await newHolderKey();

describe("a host that grants more than it was granted", () => {
  const held = hopTo("a", { hops: 3, surface: ["b/do", "c/do"], label: "internal" });
  const within = { ...held, audience: "b", hop: { ...held.hop, agent: "b" }, hops: 2 };

  it.each<[string, Partial<NextHop>]>([
    ["as many hops", { hops: 3 }],
    ["a later deadline", { deadline: T0 + 60_001 }],
    ["a larger lease in one unit", { lease: { id: "l", limit: { ...amount(1_000), tokensOut: 1_001 } } }],
    ["a skill that it may not call itself", { surface: ["b/do", "d/do"] }],
    ["any skill", { surface: "any" }],
    ["a weaker label", { label: "public" }],
  ])("is told so before anything is sent: %s", async (_what, over) => {
    const envelope = await chainOf([held]);
    expect(await verdict(await narrowEnvelope(envelope, within, holder), within)).toBe("ok");
    await expect(narrowEnvelope(envelope, { ...within, ...over }, holder)).rejects.toThrow("an envelope can only be narrowed");
  });
});

describe("a host that states what nobody would read", () => {
  it.each<[string, Partial<NextHop>]>([
    ["a name that would break a line of a log", { audience: "a\nb", hop: { ...A.hop, agent: "a\nb" } }],
    ["a reliability beyond certainty", { hop: { ...A.hop, reliability: 1.1 } }],
    ["a call without a key", { call: "" }],
    ["more hops than the platform has", { hops: 32 }],
    ["part of a millisecond", { deadline: T0 + 0.5 }],
    ["money that it owes", { lease: { id: "l", limit: { ...amount(1), microUsd: -1 } } }],
    ["a trace that is none", { traceparent: "00-1-2-3" }],
    ["a hop under another name than its callee's", { hop: { ...A.hop, agent: "somebody-else" } }],
    ["a callee that counts nothing", { hop: { ...A.hop, evidence: "self" } }],
    ["a surface of names that are too long together", { surface: Array.from({ length: 256 }, () => "a".repeat(200)) }],
    ["a surface beyond all measure", { surface: Array.from({ length: 257 }, (_, index) => `a/${index}`) }],
  ])("is told so before anything is signed: %s", async (_what, over) => {
    await expect(beginEnvelope(BEGINNING, { ...A, ...over }, MESH.sign, holder)).rejects.toThrow();
  });

  it("cannot begin a chain with an agent that counts as another's", async () => {
    const origin = { ...BEGINNING.origin, evidence: "measured" } as const;
    await expect(beginEnvelope({ ...BEGINNING, origin }, A, MESH.sign, holder)).rejects.toThrow("out of bounds");
  });
});

describe("what an envelope is bound to", () => {
  it("is its deadline: it holds until the millisecond before", async () => {
    const envelope = await chainOf([A]);
    expect(await verdict(envelope, A, { now: A.deadline - 1 })).toBe("ok");
    expect(await verdict(envelope, A, { now: A.deadline })).toBe("expired");
  });

  it("is its call: neither another key nor none will do", async () => {
    const envelope = await chainOf([A]);
    expect(await verdict(envelope, A, { call: "another" })).toBe("wrong-call");
    expect(await verdict(envelope, A, { call: undefined })).toBe("wrong-call");
  });

  it("is its caller, for whom the whole chain works", async () => {
    const envelope = await chainOf([A, B]);
    expect(await verdict(envelope, B, { subject: `${SUBJECT}2` })).toBe("wrong-principal");
  });
});

function decoded(part: string): string {
  return Buffer.from(part, "base64url").toString();
}
