import fc from "fast-check";
import { describe, expect, it } from "vitest";
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
