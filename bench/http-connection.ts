/**
 * One keep-alive HTTP/1.1 connection over a plain socket: a load generator must cost far less than the server it
 * measures. Speaks as much HTTP as the servers here answer with (`Content-Length` and chunked bodies), and throws on the rest.
 */
import { connect, type Socket } from "node:net";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly body: string;
  /** When the first event of a stream was there whole, by `performance.now()`; nothing where the body has no blank line. */
  readonly firstEventAt?: number;
}

interface Waiting {
  resolve(response: HttpResponse): void;
  reject(error: Error): void;
}

export class HttpConnection {
  readonly #socket: Socket;
  /** Of every request. */
  readonly #head: string;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;
  #firstEventAt: number | undefined;

  private constructor(socket: Socket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  /** @param headers sent with every request */
  static open(url: URL, headers: Readonly<Record<string, string>> = {}): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname, () => {
        socket.off("error", reject);
        resolve(new HttpConnection(socket, headerLines({ Host: url.host, ...headers })));
      });
      socket.once("error", reject);
    });
  }

  /** One at a time: the answer to the last request must have come. */
  send({ method, path, headers = {}, body = "" }: HttpRequest): Promise<HttpResponse> {
    if (this.#waiting) return Promise.reject(new Error("this connection still waits for an answer"));
    const length = Buffer.byteLength(body);
    const head = `${method} ${path} HTTP/1.1\r\n${this.#head}Content-Length: ${length}\r\n${headerLines(headers)}\r\n`;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(head + body);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    // Lines of the head end otherwise: this blank line is one of the body's.
    if (this.#firstEventAt === undefined && this.#received.includes("\n\n")) this.#firstEventAt = performance.now();
    try {
      const read = readResponse(this.#received);
      if (!read) return;
      this.#received = this.#received.subarray(read.length);
      const waiting = this.#waiting;
      const firstEventAt = this.#firstEventAt;
      this.#waiting = undefined;
      this.#firstEventAt = undefined;
      waiting?.resolve(firstEventAt === undefined ? read.response : { ...read.response, firstEventAt });
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      this.#socket.destroy();
    }
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}

/** The first response in these bytes and its length, or nothing while it is incomplete. */
export function readResponse(bytes: Buffer): { response: HttpResponse; length: number } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const start = headEnd + 4;
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return bytes.length < end ? undefined : { response: { status, body: bytes.toString("utf8", start, end) }, length: end };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head))
    throw new Error(`the answer (HTTP ${status}) has neither Content-Length nor a chunked body`);
  const chunks = readChunks(bytes, start);
  return chunks && { response: { status, body: chunks.body }, length: chunks.end };
}

function readChunks(bytes: Buffer, start: number): { body: string; end: number } | undefined {
  // The last chunk is the only place a complete body can end: without it there is no need to walk the chunks again.
  if (bytes.toString("latin1", bytes.length - 5) !== "0\r\n\r\n") return undefined;
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error("the answer's chunks cannot be read");
    const from = lineEnd + 2;
    if (bytes.length < from + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts).toString("utf8"), end: from + 2 };
    parts.push(bytes.subarray(from, from + size));
    at = from + size + 2;
  }
}
