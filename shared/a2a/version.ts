/** Which version of the protocol a request speaks. (A2A 1.0, 3.6) */
import { RequestError } from "./errors.ts";

export const VERSION = "1.0";
export const LEGACY_VERSION = "0.3";

const HEADER = "A2A-Version";

/** @throws RequestError `version-not-supported` for what is not 1.0 */
export function checkVersion(request: Request): void {
  const asked = askedVersion(request);
  if (majorMinor(asked) === VERSION) return;
  const said = asked === "" ? "names no A2A version, which means 0.3, and 0.3 does not have this" : `asks for A2A ${asked.slice(0, 20)}`;
  throw new RequestError(
    "version-not-supported",
    `the request ${said}; this agent speaks ${VERSION} and ${LEGACY_VERSION}: send the header "${HEADER}: ${VERSION}"`,
    [],
    { metadata: { supportedVersions: `${VERSION}, ${LEGACY_VERSION}` } },
  );
}

/** A request that names no version speaks 0.3, and is told so when it uses what 0.3 does not have. */
export function isLegacy(request: Request): boolean {
  const asked = askedVersion(request);
  return asked === "" || majorMinor(asked) === LEGACY_VERSION;
}

/** As the request says it; empty when it says nothing. Names of service parameters know no case. (3.2.6) */
export function askedVersion(request: Request): string {
  return once(request.headers.get(HEADER) ?? "") || once(inQuery(request.url) ?? "");
}

function inQuery(url: string): string | undefined {
  if (!url.includes("?")) return undefined;
  return [...new URL(url).searchParams].find(([name]) => name.toLowerCase() === HEADER.toLowerCase())?.[1];
}

/** A header that came twice is one with a comma; saying the same twice is saying it. */
function once(text: string): string {
  const [first = "", ...rest] = text.split(",").map((each) => each.trim());
  return rest.every((each) => each === first) ? first : text;
}

/** Only major and minor count. */
function majorMinor(version: string): string {
  const match = /^(\d+\.\d+)(\.\d+)?$/.exec(version);
  return match?.[1] ?? version;
}
