import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { principalKey } from "../../../shared/auth/principal.ts";
import { missingScope, SCOPES, scopesIn } from "../../../shared/auth/scope.ts";

/** With what could end one part and begin the next. */
const part = fc
  .oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom("/", "%", "%2F", " ", "a", "é", "😀") }))
  .filter((text) => text.isWellFormed());
const identity = fc.record({ tenant: part, app: part, subject: part });

describe("a principal's key", () => {
  it("is equal for equal principals, and for no others", () => {
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        const same = a.tenant === b.tenant && a.app === b.app && a.subject === b.subject;
        expect(principalKey({ ...a, scopes: ["call"] }) === principalKey({ ...b, scopes: [] })).toBe(same);
      }),
    );
  });

  it("does not confuse parts that were cut at another place", () => {
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        const key = (tenant: string, app: string, subject: string) => principalKey({ tenant, app, subject, scopes: [] });
        fc.pre(b !== "");
        expect(key(`${a}/${b}`, c, "")).not.toBe(key(a, b, c));
        expect(key(a + b, c, "")).not.toBe(key(a, b + c, ""));
      }),
    );
  });
});

describe("scopes", () => {
  it("are the mesh's own of all that are listed, whatever else is there", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...SCOPES]),
        fc.array(fc.string().filter((text) => !/call|publish|approve|operate/.test(text))),
        (own, others) => {
          const wanted = SCOPES.filter((scope) => own.includes(scope));
          expect(scopesIn([...others, ...own])).toEqual(wanted);
          expect(scopesIn([...own, ...others.map((other) => other.replaceAll(" ", ""))].join(" "))).toEqual(wanted);
        },
      ),
    );
  });

  it("are none in anything that is no list and no text", () => {
    fc.assert(
      fc.property(
        fc.anything().filter((value) => typeof value !== "string" && !Array.isArray(value)),
        (value) => {
          expect(scopesIn(value)).toEqual([]);
        },
      ),
    );
  });

  it("are named when one is missing, and only then", () => {
    fc.assert(
      fc.property(fc.subarray([...SCOPES]), fc.constantFrom(...SCOPES), (scopes, wanted) => {
        const missing = (headers: Record<string, string>) =>
          missingScope({ tenant: "t", app: "a", subject: "s", scopes }, wanted, new Headers(headers));
        const refusal = missing({ Authorization: "Bearer t" });
        expect(refusal === undefined).toBe(scopes.includes(wanted));
        if (refusal === undefined) return;
        expect(refusal).toMatchObject({ status: 403, message: expect.stringContaining(`"${wanted}"`) });
        const challenge = `error="insufficient_scope", scope="${wanted}"`;
        expect(refusal.headers).toEqual({ "WWW-Authenticate": `Bearer realm="skein", ${challenge}` });
        // In the scheme that the caller came with, and no other; a caller within the mesh came with none.
        expect(missing({ "X-API-Key": "k" })?.headers).toEqual({
          "WWW-Authenticate": `ApiKey realm="skein", header="X-API-Key", ${challenge}`,
        });
        expect(missing({})?.headers).toEqual({});
      }),
    );
  });
});
