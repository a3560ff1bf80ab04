import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfiguration } from "../../../shared/auth/configuration.ts";

const ISSUER = { issuer: "https://id.acme.example", audience: "skein" };
const KEY = { id: "0123abcd", hash: "h".repeat(43), tenant: "acme", app: "bot", scopes: ["call"] };

const issuers = (...all: readonly object[]) => readConfiguration({ AUTH_ISSUERS: JSON.stringify(all) });
const keys = (...all: readonly object[]) => readConfiguration({ AUTH_API_KEYS: JSON.stringify(all) });

describe("the configuration of callers", () => {
  it.each([{}, { AUTH_ISSUERS: "" }, { AUTH_API_KEYS: " \n" }])("is none while both variables are empty: %j", (env) => {
    expect(readConfiguration(env)).toEqual({ mode: "none" });
  });

  it("takes signatures that only the issuer can make, and nothing else is configurable", () => {
    const configuration = issuers(ISSUER);
    const algorithms = configuration.mode === "required" ? (configuration.issuers[0]?.algorithms ?? []) : [];
    expect(algorithms.length).toBeGreaterThan(0);
    expect(algorithms.filter((algorithm) => !/^(RS|PS|ES)\d+$|^Ed/.test(algorithm))).toEqual([]);
    for (const algorithm of ["none", "HS256", "HS384", "HS512", "hs256", "RSA-OAEP", "A128KW"])
      expect(issuers({ ...ISSUER, algorithms: [algorithm] })).toMatchObject({
        mode: "broken",
        problem: expect.stringMatching(/^AUTH_ISSUERS\[0\]\.algorithms/),
      });
  });

  it("gives keys of one app one subject, so that a new key finds the tasks of the old one", () => {
    const configuration = keys(KEY, { ...KEY, id: "ffffffff", expires: "2027-01-31T00:00:00Z" });
    expect(configuration).toMatchObject({ keys: [{ subject: "bot" }, { subject: "bot", expires: Date.UTC(2027, 0, 31) }] });
  });

  it.each<[string, object, RegExp]>([
    ["an audience is missing", { audience: undefined }, /^AUTH_ISSUERS\[0\]\.audience/],
    ["the list of audiences is empty", { audience: [] }, /^AUTH_ISSUERS\[0\]\.audience/],
    ["the issuer is in the clear", { issuer: "http://id.acme.example" }, /^AUTH_ISSUERS\[0\]\.issuer must be an https URL/],
    ["the issuer is no URL", { issuer: "acme" }, /\.issuer must be/],
    ["the issuer has a password", { issuer: "https://me:pw@id.acme.example" }, /\.issuer must be/],
    ["the issuer has a query", { issuer: "https://id.acme.example?x=1" }, /\.issuer must be/],
    ["the keys are in the clear", { jwksUri: "http://id.acme.example/keys" }, /\.jwksUri must be an https URL/],
    ["a field is misspelt", { tennant: "acme" }, /\.tennant is no field/],
    ["a tenant has a space", { tenant: "a b" }, /\.tenant must be a name/],
    ["tenant and tenantClaim contradict", { tenant: "a", tenantClaim: "b" }, /both tenant and tenantClaim/],
  ])("is broken when %s, and says where", (_what, more, problem) => {
    expect(issuers({ ...ISSUER, ...more })).toMatchObject({ mode: "broken", problem: expect.stringMatching(problem) });
  });

  it.each<[string, object, RegExp]>([
    ["an id is of another form", { id: "bot" }, /^AUTH_API_KEYS\[0\]\.id must be 8 hex/],
    ["there is a key where its hash should be", { hash: `skein_0123abcd_${"s".repeat(43)}` }, /\.hash must be a SHA-256/],
    ["a scope is unknown", { scopes: ["call", "admin"] }, /\.scopes\[1\] must be among/],
    ["there are no scopes", { scopes: undefined }, /\.scopes/],
    ["its end is no time", { expires: "soon" }, /\.expires must be a time/],
    ["the app is called like the caller without authentication", { app: "local" }, /\.app must not be "local"/],
    ["a subject could be one of an issuer", { subject: "https://id.acme.example ada" }, /\.subject must be a name without spaces/],
  ])("is broken when %s, and says where", (_what, more, problem) => {
    expect(keys({ ...KEY, ...more })).toMatchObject({ mode: "broken", problem: expect.stringMatching(problem) });
  });

  it("is broken when something is there twice, when it is no list, or when nobody could call", () => {
    for (const broken of [
      issuers(ISSUER, ISSUER),
      keys(KEY, KEY),
      readConfiguration({ AUTH_ISSUERS: "{}" }),
      keys(),
      readConfiguration({ AUTH_API_KEYS: "[" }),
    ])
      expect(broken.mode).toBe("broken");
  });

  it("is broken as a whole when one half of it is", () => {
    expect(readConfiguration({ AUTH_ISSUERS: JSON.stringify([ISSUER]), AUTH_API_KEYS: "oops" })).toMatchObject({
      problem: expect.stringMatching(/^AUTH_API_KEYS/),
    });
  });

  it("never opens the mesh, whatever is in it, and never repeats a value", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string({ minLength: 1 }),
          fc.array(fc.record({ id: fc.string(), hash: fc.constant("secret-hash") })).map((all) => JSON.stringify(all)),
        ),
        (text) => {
          fc.pre(text.trim() !== "");
          const configuration = readConfiguration({ AUTH_API_KEYS: text });
          expect(configuration.mode).toBe("broken");
          expect(JSON.stringify(configuration)).not.toContain("secret-hash");
        },
      ),
    );
  });
});
