import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readToolSet } from "../../../bench/tool-set.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tools-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

describe("readToolSet", () => {
  it("reads MetaTool: a merged tool's own description, and requests with commas and quotes in them", () => {
    put("dataset/plugin_des.json", JSON.stringify({ weather: "Forecasts.", NewsTool: ["old"] }));
    put("dataset/big_tool_des.json", JSON.stringify({ NewsTool: "Tells the news." }));
    put("dataset/data/all_clean_data.csv", 'Query,Tool\n"Rain, or ""sun""?",weather\nWhat happened?,NewsTool\n');
    expect(readToolSet(folder)).toEqual({
      name: "MetaTool",
      tools: [
        { name: "weather", description: "Forecasts.", tags: [] },
        { name: "NewsTool", description: "Tells the news.", tags: [] },
      ],
      requests: [
        { text: 'Rain, or "sun"?', tools: ["weather"] },
        { text: "What happened?", tools: ["NewsTool"] },
      ],
    });
  });

  it("reads Seal-Tools: each right tool once, however often it is called", () => {
    put("Seal-Tools_Dataset/tool.jsonl", `${JSON.stringify({ api_name: "getRain", api_description: "Rain.", field: "Nature/Weather" })}\n`);
    const calling = ["getRain", "getSun", "getRain"].map((api) => ({ api, parameters: {} }));
    put("Seal-Tools_Dataset/dev.jsonl", `${JSON.stringify({ id: "1", query: "Rain?", calling })}\n\n`);
    expect(readToolSet(folder)).toEqual({
      name: "Seal-Tools",
      tools: [{ name: "getRain", description: "Rain.", tags: ["Nature", "Weather"] }],
      requests: [{ text: "Rain?", tools: ["getRain", "getSun"] }],
    });
  });

  it("says where to get a set when there is none", () => {
    expect(() => readToolSet(folder)).toThrow(/clone https:\/\/github\.com/);
    put("dataset/plugin_des.json", "{}");
    put("dataset/big_tool_des.json", "{}");
    put("dataset/data/all_clean_data.csv", "Question,Tool\nRain?,weather\n");
    expect(() => readToolSet(folder)).toThrow(/should begin with "Query,Tool", not with "Question,Tool"/);
  });
});
