/** A webhook of one test: a path of its own on the webhook server, which is real and outside the runtime. */
import { expect, inject, vi } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Keeps what is POSTed there; see test/mesh/webhook-server.ts. */
    webhookServer: string;
  }
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Delivered {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, never>;
  readonly at: number;
}

let made = 0;

export interface Hook {
  readonly url: string;
  /** How the next POSTs are answered, the last way for good; 0 never answers. */
  answers(...answers: (number | Answer)[]): Promise<void>;
  delivered(): Promise<Delivered[]>;
  /** What came, once it is as many. */
  received(count: number): Promise<Delivered[]>;
}

export function newHook(): Hook {
  made += 1;
  const url = `${inject("webhookServer")}/${made}-${crypto.randomUUID()}`;
  const delivered = async () => (await (await fetch(url)).json()) as Delivered[];
  return {
    url,
    delivered,
    async answers(...answers) {
      const script = answers.map((each) => (typeof each === "number" ? { status: each } : each));
      await (await fetch(url, { method: "PUT", body: JSON.stringify(script) })).text();
    },
    received: (count) =>
      vi.waitFor(
        async () => {
          const all = await delivered();
          expect(all.length).toBeGreaterThanOrEqual(count);
          return all;
        },
        { timeout: 8_000, interval: 20 },
      ),
  };
}
