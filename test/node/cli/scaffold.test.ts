import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apartNames, configsApart, workerConfigs } from "../../../cli/project.ts";
import { checkName, planScaffold, withBinding, writeScaffold } from "../../../cli/scaffold.ts";
import { chooseProbes } from "../../../shared/registry/probe-choice.ts";
import { parseProbes } from "../../../shared/registry/probe-file.ts";
import { parseCard } from "../../../shared/task/agent-card.ts";

const FRONT_DOOR = 'name = "skein"\n\n# agents: begin\n[[services]]\nbinding = "AGENT_WRITER"\n# agents: end\n';

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const BIOME = join(REPOSITORY, "node_modules/@biomejs/biome/bin/biome");

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "skein-test-"));
  writeFileSync(join(root, "wrangler.toml"), FRONT_DOOR);
});
afterEach(() => rmSync(root, { recursive: true }));

function everything(): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
}

describe("npm run new", () => {
  it("makes an agent with a card the mesh accepts and a place at the front door", () => {
    writeScaffold(root, planScaffold(root, "tide-table"));
    const card = parseCard(JSON.parse(readFileSync(join(root, "agent-cards/tide-table.json"), "utf8")));
    expect(card).toMatchObject({ name: "tide-table", skills: [{ id: "list-figures", tags: expect.arrayContaining(["tide table"]) }] });
    expect(readFileSync(join(root, "agents/tide-table/wrangler.toml"), "utf8")).toContain('name = "skein-tide-table"');
    const config = readFileSync(join(root, "wrangler.toml"), "utf8");
    expect(config).toMatch(/binding = "AGENT_TIDE_TABLE"\nservice = "skein-tide-table"\nentrypoint = "Mesh"\n# agents: end\n$/);
  });

  it("makes one apart from the mesh that no mesh starts and no front door is bound to, with probes for the registry", () => {
    writeScaffold(root, planScaffold(root, "tide-table", { apart: true }));
    expect(readFileSync(join(root, "wrangler.toml"), "utf8")).toBe(FRONT_DOOR);
    expect(workerConfigs(root)).toEqual(["wrangler.toml"]);
    expect(configsApart(root, "tide-table")).toEqual(["agents/tide-table/wrangler.toml"]);
    expect(apartNames(root)).toEqual(["tide-table"]);
    const card = parseCard(JSON.parse(readFileSync(join(root, "agent-cards/tide-table.json"), "utf8")));
    const file = "agent-cards/tide-table.probes.yaml";
    const skills = card.skills.map(({ id }) => id);
    const probes = parseProbes(readFileSync(join(root, file), "utf8"), file, skills);
    expect(chooseProbes(card, probes.ok ? probes.probes : [])).toMatchObject({ sent: [{}, {}], skipped: [] });
  });

  it.each([false, true])("leaves no placeholder in any file, apart from the mesh: %s", (apart) => {
    for (const { path, content } of planScaffold(root, "tide-table", { apart }).files)
      expect(`${path}\n${content}`).not.toMatch(/__[A-Z]+__/);
  });

  // A name longer or shorter moves line breaks: `npm run check` must not ask an author to format what a command wrote.
  it.each(["x", "weather", "a-name-as-long-as-one-may-be-abc"])("writes files that are laid out as the house is, for %s", (name) => {
    const written = planScaffold(root, name).files.filter(({ path }) => /\.(?:ts|json)$/.test(path));
    expect(written).toHaveLength(4);
    for (const { path, content } of written) {
      const formatted = execFileSync(process.execPath, [BIOME, "format", `--stdin-file-path=${path}`], {
        cwd: REPOSITORY,
        input: content,
        encoding: "utf8",
      });
      expect(formatted, path).toBe(content);
    }
  });

  it.each([
    ["Weather", "such as weather"],
    ["Über Agent", "such as uber-agent"],
    ["weather--report", "such as weather-report"],
    ["-x", "such as x"],
    ["../../etc", "such as etc"],
    ["123", "such as weather-report"],
    ["", "such as weather-report"],
    ["a".repeat(33), "too long"],
    ["orchestrator", "such as my-orchestrator"],
  ])('refuses the name "%s" and says what to take', (name, advice) => {
    expect(() => planScaffold(root, name)).toThrow(advice);
    expect(everything()).toEqual(["wrangler.toml"]);
  });

  it("only ever suggests names that it takes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (name) => {
        const suggested = suggestionFor(name);
        if (suggested !== undefined) expect(() => checkName(suggested)).not.toThrow();
      }),
    );
  });

  it.each(["agents/tide/notes.md", "agent-cards/tide.json", "test/node/agents/tide.test.ts"])(
    "refuses to touch what exists: %s",
    (path) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), "mine");
      const before = everything();
      expect(() => planScaffold(root, "tide")).toThrow(/exists already/);
      expect(everything()).toEqual(before);
    },
  );

  it("takes back what it wrote when a file cannot be written", () => {
    const scaffold = planScaffold(root, "tide");
    mkdirSync(join(root, "test/node"), { recursive: true });
    // A file where a folder should be: the last of the agent's files fails.
    writeFileSync(join(root, "test/node/agents"), "in the way");
    const before = everything();
    expect(() => writeScaffold(root, scaffold)).toThrow(/^nothing was made/);
    expect(everything()).toEqual(before);
    expect(readFileSync(join(root, "wrangler.toml"), "utf8")).toBe(FRONT_DOOR);
  });

  it("says how to mend a front door without a place for agents, or with the agent in it", () => {
    expect(() => withBinding('name = "skein"\n', "tide")).toThrow(/agents: begin/);
    expect(() => withBinding(FRONT_DOOR, "writer")).toThrow(/AGENT_WRITER already/);
  });
});

function suggestionFor(name: string): string | undefined {
  try {
    checkName(name);
    return undefined;
  } catch (error) {
    return / such as (\S+)$/.exec(error instanceof Error ? error.message : "")?.[1];
  }
}
