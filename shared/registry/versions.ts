/**
 * Versions of cards, as Semantic Versioning 2.0.0 has them: what is one, and which of two comes after the other. Pure. Whether a
 * version may be published is not asked here.
 */
import compare from "semver/functions/compare.js";
import parse from "semver/functions/parse.js";

/** Strictly: with all three numbers, and nothing before them. */
export function isSemantic(version: string): boolean {
  const parsed = parse(version);
  if (parsed === null) return false;
  return version === [parsed.version, ...(parsed.build.length > 0 ? [parsed.build.join(".")] : [])].join("+");
}

/**
 * By precedence, as `Array.sort` wants it. What stands after a plus does not count. (Semantic Versioning 2.0.0, 10 and 11)
 * @throws TypeError for what is no version
 */
export function compareVersions(one: string, other: string): number {
  return compare(one, other);
}
