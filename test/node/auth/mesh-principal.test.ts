import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { principalFromMesh, withoutPrincipal, withPrincipal } from "../../../shared/auth/mesh-principal.ts";
import { type Principal, principalKey } from "../../../shared/auth/principal.ts";
import { SCOPES } from "../../../shared/auth/scope.ts";

const call = (headers: HeadersInit) => principalFromMesh(new Request("https://probe.mesh/", { headers }));
const from = (headers: Headers) => principalFromMesh(new Request("https://probe.mesh/", { headers }));
const name = fc.string({ unit: "binary" });
const anyPrincipal = fc.record({ tenant: name, app: name, subject: name, scopes: fc.subarray([...SCOPES]) });
const sent = (value: unknown) => ({ "Skein-Principal": encodeURIComponent(JSON.stringify(value)) });
const GOOD = { tenant: "acme", app: "desk", subject: "ada", scopes: ["call"] };

describe("for whom a call within the mesh is", () => {
  it("arrives as it was sent, whatever the names are", () => {
    fc.assert(
      fc.property(anyPrincipal, (principal) => {
        expect(from(withPrincipal(new Headers(), principal))).toEqual({ ok: true, principal });
      }),
    );
  });

  it("comes with those who gave the answer that it carries, when it carries one", () => {
    fc.assert(
      fc.property(anyPrincipal, fc.array(anyPrincipal, { minLength: 1 }), (principal, by) => {
        expect(from(withPrincipal(new Headers(), principal, { by }))).toEqual({ ok: true, principal, by });
      }),
    );
    expect(from(withPrincipal(new Headers(), GOOD as Principal, { by: [] }))).toEqual({ ok: true, principal: GOOD });
  });

  it("comes with the task whose deletion it is a part of, whoever gave an answer", () => {
    const all = { by: [GOOD as Principal], deleted: "o-root" };
    expect(from(withPrincipal(new Headers(), GOOD as Principal, all))).toEqual({ ok: true, principal: GOOD, ...all });
  });

  it("is taken out of what comes from outside, and nothing else is", () => {
    const outside = withPrincipal(new Headers({ "A2A-Version": "1.0" }), { ...GOOD, scopes: [] });
    expect([...withoutPrincipal(outside)]).toEqual([["a2a-version", "1.0"]]);
    expect(from(outside)).toMatchObject({ ok: true });
  });

  it.each<[string, Record<string, string>]>([
    ["nothing", {}],
    ["an empty text", { "Skein-Principal": "" }],
    ["half an escape", { "Skein-Principal": "%" }],
    ["no JSON", { "Skein-Principal": "desk" }],
    ["null", sent(null)],
    ["nobody", sent({})],
    ["a list", sent([GOOD])],
    ["no scopes", sent({ ...GOOD, scopes: undefined })],
    ["scopes in a text", sent({ ...GOOD, scopes: "call" })],
    ["a scope that there is not", sent({ ...GOOD, scopes: ["call", "root"] })],
    ["a number for a name", sent({ ...GOOD, subject: 7 })],
    ["nobody at all behind an answer", sent({ ...GOOD, by: [] })],
    ["somebody without a name behind an answer", sent({ ...GOOD, by: [{ ...GOOD, subject: undefined }] })],
    ["no task that is deleted", sent({ ...GOOD, deleted: 7 })],
    ["a name that is no text in any encoding", sent({ ...GOOD, subject: "\ud800" })],
  ])("is a refusal with a challenge when the header holds %s", (_what, headers) => {
    expect(call(headers)).toMatchObject({
      ok: false,
      status: 401,
      message: expect.stringMatching(/^a call within the mesh/),
      headers: { "WWW-Authenticate": 'Mesh realm="skein"' },
    });
  });

  it("never makes an agent fail, whatever the header holds", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((text) => encodeURIComponent(text)),
          fc.stringMatching(/^[!-~]*$/),
        ),
        (header) => {
          const caller = call({ "Skein-Principal": header });
          if (caller.ok) expect(principalKey(caller.principal)).toEqual(expect.any(String));
          else expect(caller.status).toBe(401);
        },
      ),
    );
  });
});
