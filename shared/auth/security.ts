/**
 * What a card says about authentication: made from the same configuration that callers are checked against, so that it
 * cannot say anything else. (A2A 1.0.1, 4.5)
 */
import type { JsonObject } from "../task/a2a-types.ts";
import { type AuthEnv, configurationOf } from "./authenticate.ts";
import { KEY_HEADER } from "./challenge.ts";
import type { Issuer } from "./configuration.ts";
import { discoveryUrl } from "./issuer-keys.ts";
import type { Scope } from "./principal.ts";

const SCOPE_OF_EVERY_CALL = "call" satisfies Scope;

export interface Security {
  readonly securitySchemes: Record<string, JsonObject>;
  /** Alternatives: each is enough by itself. */
  readonly securityRequirements: readonly JsonObject[];
}

/** Undefined when nothing is required, which is so in local mode, or when nobody is let in, because the configuration is missing or wrong. */
export function securityOf(env: AuthEnv): Security | undefined {
  const configuration = configurationOf(env);
  if (configuration.mode !== "required") return undefined;
  const { issuers, keys } = configuration;
  const securitySchemes: Record<string, JsonObject> = {};
  if (issuers.length > 0) securitySchemes["bearer"] = bearer(issuers);
  for (const [index, { issuer }] of issuers.filter(({ jwksUri }) => jwksUri === undefined).entries())
    securitySchemes[index === 0 ? "openId" : `openId${index + 1}`] = {
      openIdConnectSecurityScheme: { openIdConnectUrl: discoveryUrl(issuer), description: `A token of ${issuer}, sent as a bearer token.` },
    };
  if (keys.length > 0)
    securitySchemes["apiKey"] = {
      apiKeySecurityScheme: { location: "header", name: KEY_HEADER, description: "A key made by whoever runs the mesh." },
    };
  // Named, because credentials without it are let in nowhere; and a reader that drops what is empty keeps the requirement.
  const list = [SCOPE_OF_EVERY_CALL];
  const securityRequirements = Object.keys(securitySchemes).map((name) => ({ schemes: { [name]: { list } } }));
  return { securitySchemes, securityRequirements };
}

function bearer(issuers: readonly Issuer[]): JsonObject {
  const taken = issuers.map(({ issuer, audience }) => `${issuer} for the audience ${audience.join(" or ")}`).join("; ");
  return { httpAuthSecurityScheme: { scheme: "Bearer", bearerFormat: "JWT", description: `A JWT signed by ${taken}.` } };
}
