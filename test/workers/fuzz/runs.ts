/** How long the properties hunt. `VITE_FUZZ_RUNS=5000 npx vitest run --project workers fuzz` hunts longer; a failure prints its seed. */
const { env } = import.meta as ImportMeta & { readonly env: Readonly<Record<string, string | undefined>> };
const asked = Number(env["VITE_FUZZ_RUNS"]);

/** For how long a property may hunt. Milliseconds; others work on the same machine. */
export const HUNT_MS = 60_000 + (asked > 0 ? asked * 500 : 0);

/** The number of runs of a property whose run is one or two requests. */
export const RUNS = Number.isInteger(asked) && asked > 0 ? asked : 60;
