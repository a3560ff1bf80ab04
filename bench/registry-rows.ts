/** What the registry costs, as rows of the benchmark: search by the number of skills that are published, and what a publication's checks take. */
import type { Group, Subject } from "./group.ts";

export const REGISTRY_GROUPS: readonly Group[] = [
  {
    id: "registry-search",
    storages: ["memory"],
    subjects: { ten: searching(10), thousand: searching(1_000), tenThousand: searching(10_000), changed: searching(10_000, true) },
    lines: [
      { title: "Search, 1,000 published skills", ours: "thousand", against: "ten", compare: "microseconds", atMost: 5_000 },
      { title: "Search, 10,000 published skills", ours: "tenThousand", against: "ten", compare: "microseconds", atMost: 5_000 },
      { title: "The first search since one of 10,000 was published", ours: "changed", against: "tenThousand", compare: "microseconds" },
    ],
  },
  {
    id: "registry-publish",
    storages: ["memory"],
    subjects: {
      publish: { name: "a card of one skill, published", server: "none", load: { kind: "publish" }, connections: 1 },
      floor: { name: "the same requests, one after the other", server: "none", load: { kind: "floor-publish" }, connections: 1 },
    },
    lines: [{ title: "A publication, without what is stored and probed", ours: "publish", against: "floor", compare: "p50" }],
  },
];

function searching(skills: number, changed = false): Subject {
  const name = `a need in 7 words, ${skills.toLocaleString("en")} skills${changed ? ", one of them new" : ""}`;
  return { name, server: "none", load: { kind: "search", skills, ...(changed && { changed }) } };
}
