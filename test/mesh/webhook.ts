/** Somebody else's server, on this machine: it keeps what it was sent. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Webhook {
  readonly url: string;
  readonly requests: { path: string; key: string | undefined }[];
  /** Whether a request to this path is answered; the others are left waiting. */
  answers: (path: string) => boolean;
  close(): void;
}

export async function listen(): Promise<Webhook> {
  const requests: Webhook["requests"] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push({ path, key: request.headers["idempotency-key"]?.toString() });
    if (webhook.answers(path)) response.end("thank you");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const webhook: Webhook = {
    url: `http://127.0.0.1:${port}`,
    requests,
    answers: () => true,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return webhook;
}
