/**
 * Reads public sets of tools and of requests that they answer: MetaTool (github.com/HowieHwong/MetaTool, MIT) and Seal-Tools
 * (github.com/fairyshine/Seal-Tools, Apache-2.0). Reads only; nothing of the sets is kept in this project.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Papa from "papaparse";

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
}

export interface ToolRequest {
  readonly text: string;
  /** Names of the tools that are right for it, each once. */
  readonly tools: readonly string[];
}

export interface ToolSet {
  readonly name: string;
  readonly tools: readonly Tool[];
  readonly requests: readonly ToolRequest[];
}

const METATOOL = {
  tools: "dataset/plugin_des.json",
  better: "dataset/big_tool_des.json",
  requests: "dataset/data/all_clean_data.csv",
} as const;
const SEALTOOLS = { tools: "Seal-Tools_Dataset/tool.jsonl", requests: "Seal-Tools_Dataset/dev.jsonl" } as const;

const HOW_TO_GET_IT = "clone https://github.com/HowieHwong/MetaTool or https://github.com/fairyshine/Seal-Tools and name its folder";

/** @throws Error when the folder is a copy of neither set, saying where to get one; or naming the file that is not as expected */
export function readToolSet(folder: string): ToolSet {
  if (existsSync(join(folder, METATOOL.tools))) return metaTool(folder);
  if (existsSync(join(folder, SEALTOOLS.tools))) return sealTools(folder);
  throw new Error(`no set of tools in ${folder}: ${HOW_TO_GET_IT}`);
}

function metaTool(folder: string): ToolSet {
  // Tools that were merged out of several have their description in a file of their own.
  const told = { ...jsonIn(folder, METATOOL.tools), ...jsonIn(folder, METATOOL.better) };
  const tools = Object.entries(told).map(([name, description]) => ({ name, description: String(description), tags: [] }));
  const [head, ...rows] = Papa.parse(readFileSync(join(folder, METATOOL.requests), "utf8"), { skipEmptyLines: "greedy" }).data;
  if (head?.join() !== "Query,Tool") throw new Error(`${METATOOL.requests} should begin with "Query,Tool", not with "${head?.join()}"`);
  const requests = rows.map(([text = "", tool = ""]) => ({ text, tools: [tool] }));
  return { name: "MetaTool", tools, requests };
}

interface SealTool {
  readonly api_name: string;
  readonly api_description: string;
  readonly field: string;
}

interface SealRequest {
  readonly query: string;
  readonly calling: readonly { readonly api: string }[];
}

function sealTools(folder: string): ToolSet {
  const tools = linesIn<SealTool>(folder, SEALTOOLS.tools).map((each) => ({
    name: each.api_name,
    description: each.api_description,
    tags: each.field.split("/"),
  }));
  const requests = linesIn<SealRequest>(folder, SEALTOOLS.requests).map(({ query, calling }) => ({
    text: query,
    tools: [...new Set(calling.map(({ api }) => api))],
  }));
  return { name: "Seal-Tools", tools, requests };
}

function jsonIn(folder: string, file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, unknown>;
}

function linesIn<T>(folder: string, file: string): readonly T[] {
  return readFileSync(join(folder, file), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as T);
}
