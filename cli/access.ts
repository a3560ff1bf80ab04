/**
 * Who may call a mesh on this machine: the variables AUTH_ISSUERS and AUTH_API_KEYS of the environment, or of `.dev.vars`
 * in the project's folder, handed to every Worker; and what they mean, in one line.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { type AuthConfiguration, type AuthTexts, readConfiguration } from "../shared/auth/configuration.ts";

const VARIABLES = ["AUTH_ISSUERS", "AUTH_API_KEYS"] as const;
/** Where wrangler looks for what a Worker must not have in its config. */
export const SECRETS_FILE = ".dev.vars";

/** What the Workers are given. The environment counts before the file. */
export function authVariables(root: string, env: NodeJS.ProcessEnv = process.env): AuthTexts {
  return variablesOf(root, VARIABLES, env);
}

/** Those of the variables that are set to something, in the environment or else in the file. */
export function variablesOf<N extends string>(root: string, names: readonly N[], env = process.env): { [K in N]?: string } {
  const file = join(root, SECRETS_FILE);
  const written = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  const found = names.flatMap((name) => ((env[name] ?? written[name]) ? [[name, env[name] ?? written[name]]] : []));
  return Object.fromEntries(found) as { [K in N]?: string };
}

export function accessOf(root: string): AuthConfiguration {
  return readConfiguration(authVariables(root));
}

/** One line for a person who starts a mesh. */
export function describeAccess(access: AuthConfiguration): string {
  switch (access.mode) {
    case "none":
      return "local mode, without authentication: it answers only on loopback addresses";
    case "broken":
      return `nobody: ${access.problem}`;
    case "required": {
      const { issuers, keys } = access;
      const apps = [...new Set(keys.map(({ app }) => app))];
      const ways = [
        ...(issuers.length > 0 ? [`a bearer token of ${issuers.map(({ issuer }) => issuer).join(" or ")}`] : []),
        ...(keys.length > 0 ? [`an API key of ${apps.join(" or ")}`] : []),
      ];
      return `whoever sends ${ways.join(", or ")}`;
    }
  }
}
