/**
 * What a command shows of who is calling: a token or an API key, from its options or the environment, sent to the origin
 * that the person named and to no other, whatever a card or a redirect says.
 */
import { CommandError, UsageError } from "./terminal.ts";

interface Rule {
  readonly description: string;
}

/** The header that carries it. */
export interface Credentials {
  readonly header: "Authorization" | "X-API-Key";
  readonly value: string;
}

export interface CredentialOptions {
  readonly token?: string | undefined;
  readonly key?: string | undefined;
}

const HOW = "give --token <jwt> or --key <api key>, or set SKEIN_TOKEN or SKEIN_KEY";

/**
 * The options count; the environment does when there are none.
 * @throws UsageError for two at once: the mesh would refuse them
 */
export function credentialsFrom(options: CredentialOptions, env: NodeJS.ProcessEnv = process.env): Credentials | undefined {
  const isGiven = options.token !== undefined || options.key !== undefined;
  const { token, key } = isGiven ? options : { token: env["SKEIN_TOKEN"] || undefined, key: env["SKEIN_KEY"] || undefined };
  if (token !== undefined && key !== undefined)
    throw new UsageError(`${isGiven ? "--token and --key" : "SKEIN_TOKEN and SKEIN_KEY"} both say who you are: give one of them`);
  const given = token ?? key;
  if (given === undefined) return undefined;
  // Said here, because the runtime's own complaint would repeat it.
  if (!/^[\x21-\x7E]+$/.test(given.trim()))
    throw new UsageError("the token or key has a space or a strange character in it: give it as it was issued");
  return token === undefined ? { header: "X-API-Key", value: given.trim() } : { header: "Authorization", value: `Bearer ${given.trim()}` };
}

/**
 * A fetch that says who is calling.
 * @param home an address of the origin that may know
 * @throws CommandError, when used, for an answer that is about who is calling: 401, 403, 429
 */
export function fetchAs(credentials: Credentials | undefined, home: string): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const known = credentials !== undefined && new URL(request.url).origin === new URL(home).origin;
    if (known) request.headers.set(credentials.header, credentials.value);
    const response = await fetch(request, known ? { redirect: "error" } : {});
    if (response.status === 401 || response.status === 403 || response.status === 429)
      throw new CommandError(await inOneLine(response, request.url, credentials, known));
    return response;
  };
}

async function inOneLine(response: Response, url: string, credentials: Credentials | undefined, known: boolean): Promise<string> {
  const where = new URL(url).origin;
  const why = await messageOf(response);
  const because = why === "" ? "" : `: ${why}`;
  if (response.status === 429) {
    const wait = response.headers.get("Retry-After");
    return `${where} has had enough calls for now${because}${wait === null || why.includes(wait) ? "" : ` (again in ${wait} s)`}`;
  }
  if (response.status === 403) return `${where} knows you, and does not let you do this${because}`;
  if (credentials !== undefined && !known)
    return `${where} wants to know who is calling, and is not where you sent your credentials to: name it with --url`;
  if (credentials === undefined) return `${where} asks${because || ": who is calling?"}. To say so, ${HOW}`;
  return `${where} does not take this ${credentials.header === "X-API-Key" ? "key" : "token"}${because}`;
}

/** The message of an error in either binding, in one line; with the rule that it is about, where it names one. */
async function messageOf(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { error?: { message?: unknown; details?: { fieldViolations?: Rule[] }[] } };
    if (typeof error?.message !== "string") return "";
    const [rule] = error.details?.flatMap(({ fieldViolations = [] }) => fieldViolations) ?? [];
    const said = rule ? `${error.message} (the rule: ${rule.description})` : error.message;
    return said.replace(/\s+/g, " ").slice(0, 500);
  } catch {
    return "";
  }
}
