import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LARGEST_ANSWER } from "../../../conformance/bounded.ts";
import { type ServerEvent, serverEvents } from "../../../conformance/events.ts";

const bytes = new TextEncoder();

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const rest = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const next = rest.shift();
      if (next) controller.enqueue(next);
      else controller.close();
    },
  });
}

async function read(chunks: readonly Uint8Array[]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of serverEvents(streamOf(chunks))) events.push(event);
  return events;
}

const whole = (text: string) => read([bytes.encode(text)]);

describe("server-sent events", () => {
  it("joins the lines of data, and keeps the last id", async () => {
    expect(await whole('id: 7\ndata: {"a":\ndata: 1}\n\ndata: 2\n\n')).toEqual([
      { id: "7", data: { a: 1 } },
      { id: "7", data: 2 },
    ]);
  });

  it("passes over comments, other fields and blocks without data", async () => {
    expect(await whole(": beat\n\nevent: x\nretry: 10\n\ndata:3\n\n")).toEqual([{ id: undefined, data: 3 }]);
  });

  it("gives no event that was not ended by an empty line", async () => {
    expect(await whole("data: 1\n\ndata: 2\n")).toEqual([{ id: undefined, data: 1 }]);
  });

  it("refuses data that is no JSON", async () => {
    await expect(whole("data: hello\n\n")).rejects.toThrow("expected JSON in each event's data");
  });

  it.each([
    ["a line", "data: "],
    ["comments", ": beat\n"],
  ])("stops reading, and lets go of the stream, when %s without an end comes", async (_what, start) => {
    let [sent, isLetGo] = [0, false];
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = bytes.encode(start.padStart(64_000, start));
        sent += chunk.byteLength;
        controller.enqueue(chunk);
      },
      cancel() {
        isLetGo = true;
      },
    });
    await expect(serverEvents(endless).next()).rejects.toThrow(`the answer is larger than ${LARGEST_ANSWER} bytes`);
    expect(isLetGo).toBe(true);
    expect(sent).toBeLessThan(LARGEST_ANSWER + 1_000_000);
  });

  it("reads a long line that comes in small pieces", async () => {
    const text = JSON.stringify("x".repeat(60_000));
    const all = bytes.encode(`data: ${text}\r\n\r\n`);
    const pieces = Array.from({ length: Math.ceil(all.length / 3) }, (_, at) => all.slice(at * 3, at * 3 + 3));
    expect(await read(pieces)).toEqual([{ id: undefined, data: JSON.parse(text) }]);
  });

  it("reads the same wherever the stream is cut, and however its lines end", async () => {
    const end = fc.constantFrom("\n", "\r\n", "\r");
    const data = fc.array(fc.record({ text: fc.string({ unit: "binary" }) }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(data, end, fc.array(fc.nat({ max: 400 }), { maxLength: 8 }), async (events, newline, cuts) => {
        const text = events.map((event, id) => `id: ${id}${newline}data: ${JSON.stringify(event)}${newline}${newline}`).join("");
        const all = bytes.encode(text);
        const places = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
        const chunks = places.slice(1).map((place, at) => all.slice(places[at], place));
        expect((await read(chunks)).map((event) => event.data)).toEqual(events);
      }),
    );
  });
});
