import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accessOf, authVariables, describeAccess } from "../../../cli/access.ts";
import { readConfiguration } from "../../../shared/auth/configuration.ts";

const ISSUERS = '[{"issuer":"https://id.acme.example","audience":"skein"}]';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "skein-access-"));
});
afterEach(() => rmSync(root, { recursive: true }));

describe("who may call a mesh on this machine", () => {
  it("is read from the environment, else from .dev.vars, and nothing else is", () => {
    writeFileSync(join(root, ".dev.vars"), `AUTH_ISSUERS='${ISSUERS}'\nAUTH_API_KEYS='[]'\nOTHER=x\n`);
    expect(authVariables(root, {})).toEqual({ AUTH_ISSUERS: ISSUERS, AUTH_API_KEYS: "[]" });
    expect(authVariables(root, { AUTH_ISSUERS: "[1]", PATH: "/" })).toEqual({ AUTH_ISSUERS: "[1]", AUTH_API_KEYS: "[]" });
  });

  it("is whoever is on this machine while nothing says otherwise", () => {
    expect(accessOf(root)).toEqual({ mode: "none" });
    expect(describeAccess({ mode: "none" })).toMatch(/without authentication.*only on loopback/);
  });

  it("is said by issuer and by app, without anything secret", () => {
    const keys = JSON.stringify([{ id: "0123abcd", hash: "h".repeat(43), tenant: "acme", app: "desk", scopes: ["call"] }]);
    const said = describeAccess(readConfiguration({ AUTH_ISSUERS: ISSUERS, AUTH_API_KEYS: keys }));
    expect(said).toBe("whoever sends a bearer token of https://id.acme.example, or an API key of desk");
  });
});
