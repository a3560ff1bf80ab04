/**
 * Streams of lines, as bytes: a task's events on their way from its object to a caller. A line is `<sequence> <JSON>`, or
 * empty for a heartbeat, or `#` and a remark. Chunks may end anywhere, also inside a character.
 */

/**
 * @param map what takes the place of a line (given without its end); `end` closes the stream after it, and tells its source
 */
export function mapLines(lines: ReadableStream<Uint8Array>, map: (line: string, end: () => void) => string): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = "";
  let ended = false;
  const mapped = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      rest += decoder.decode(chunk, { stream: true });
      const complete = rest.split("\n");
      rest = complete.pop() ?? "";
      let out = "";
      for (const line of complete) {
        out += map(line, () => {
          ended = true;
        });
        if (ended) break;
      }
      if (out !== "") controller.enqueue(encoder.encode(out));
      if (ended) controller.terminate();
    },
  });
  return lines.pipeThrough(mapped);
}

/** As mapLines, for the JSON of each event; its position stays, and what is no event passes. */
export function mapEvents(lines: ReadableStream<Uint8Array>, map: (json: string, end: () => void) => string): ReadableStream<Uint8Array> {
  return mapLines(lines, (line, end) => {
    if (line === "" || line.startsWith("#")) return `${line}\n`;
    const space = line.indexOf(" ");
    return `${line.slice(0, space)} ${map(line.slice(space + 1), end)}\n`;
  });
}
