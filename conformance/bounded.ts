/**
 * An answer's body, up to a size that no honest answer of a trial comes near: a server may hold the suite up until a trial's
 * time is over, but not fill the memory of whoever runs it. It bounds and decodes, and judges nothing else.
 */
import { Failure } from "./requirement.ts";

/** Of one answer, in bytes after decompression; a stream counts as one answer. */
export const LARGEST_ANSWER = 4_000_000;

/**
 * Whoever stops reading closes the connection.
 * @throws Failure when more than {@link LARGEST_ANSWER} bytes came; the connection is closed
 */
export async function* bounded(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  for await (const bytes of body) {
    size += bytes.byteLength;
    if (size > LARGEST_ANSWER)
      throw new Failure("an answer of a size that can be read", `the answer is larger than ${LARGEST_ANSWER} bytes`);
    yield bytes;
  }
}

/** The whole body as text, as `response.text()` gives it. @throws Failure when it is larger than {@link LARGEST_ANSWER} */
export async function textOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  for await (const bytes of bounded(body)) pieces.push(decoder.decode(bytes, { stream: true }));
  pieces.push(decoder.decode());
  return pieces.join("");
}
