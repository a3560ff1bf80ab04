import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mapEvents, mapLines } from "../../../shared/a2a/lines.ts";

/** The text in pieces of these lengths, as bytes: pieces end inside lines and inside characters. */
function inPieces(text: string, lengths: readonly number[]): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  let turn = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const length = lengths[turn++ % lengths.length] ?? 1;
      controller.enqueue(bytes.slice(at, at + length));
      at += length;
    },
  });
}

const textOf = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", ""));
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });

describe("a stream of lines", () => {
  it("is mapped line by line, wherever its chunks end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line), lengths, async (lines, pieces) => {
        const text = lines.map((each) => `${each}\n`).join("");
        expect(await textOf(mapLines(inPieces(text, pieces), (each) => `<${each}>\n`))).toBe(lines.map((each) => `<${each}>\n`).join(""));
      }),
    );
  });

  it("keeps positions, heartbeats and remarks when its events are mapped", async () => {
    const given = '1 {"a":1}\n\n#a remark\n22 {"b":2}\n';
    expect(await textOf(mapEvents(inPieces(given, [3]), (json) => json.toUpperCase()))).toBe('1 {"A":1}\n\n#a remark\n22 {"B":2}\n');
  });

  it.each([1, 2, 100])("ends where it is told to, and tells its source: pieces of %i", async (length) => {
    let canceled = false;
    const source = inPieces("1 a\n2 last\n3 never\n", [length]);
    const endless = new ReadableStream<Uint8Array>({
      async start(controller) {
        for await (const chunk of source) controller.enqueue(chunk);
      },
      cancel() {
        canceled = true;
      },
    });
    const mapped = mapEvents(endless, (json, end) => {
      if (json === "last") end();
      return json;
    });
    expect(await textOf(mapped)).toBe("1 a\n2 last\n");
    await expect.poll(() => canceled).toBe(true);
  });

  it("is given up by its source when its reader leaves", async () => {
    let canceled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("1 a\n")),
      cancel() {
        canceled = true;
      },
    });
    const reader = mapEvents(endless, (json) => json).getReader();
    await reader.read();
    await reader.cancel();
    await expect.poll(() => canceled).toBe(true);
  });
});
