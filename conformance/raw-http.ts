/**
 * HTTP by hand, for what a well-behaved client would never send: bodies that break off, headers said twice. One connection,
 * one request, bounded in time and size.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface RawRequest {
  readonly method: string;
  readonly url: string;
  /** As they are written, in this order; Host is added. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Says nothing more after the body, although more was announced. */
  readonly breaksOff?: boolean;
}

const LONGEST_ANSWER = 200_000;

/** @returns the whole answer as text; nothing when the server closed without a word */
export function exchangeRaw({ method, url, headers, body, breaksOff = false }: RawRequest, signal: AbortSignal): Promise<string> {
  const { protocol, hostname, port, pathname, search, host } = new URL(url);
  const lines = [
    `${method} ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
  ];
  return new Promise((resolve, reject) => {
    let text = "";
    const address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || (protocol === "https:" ? 443 : 80)) };
    const socket: Socket = protocol === "https:" ? connectTls({ ...address, servername: hostname }) : connectTcp(address);
    const end = () => {
      socket.destroy();
      resolve(text);
    };
    signal.addEventListener(
      "abort",
      () => {
        socket.destroy();
        reject(signal.reason as Error);
      },
      { once: true },
    );
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > LONGEST_ANSWER) end();
    });
    socket.on("close", end);
    // A server may well close the connection on such a caller.
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" || error.code === "EPIPE" ? end() : reject(error)));
    socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
    if (breaksOff) socket.end();
  });
}

/** @returns the status of an answer; nothing when there was none */
export function statusOf(answer: string): number | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
  return status === undefined ? undefined : Number(status);
}
