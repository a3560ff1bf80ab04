/**
 * What it takes to make an envelope's last block and to verify all of them, in the runtime that does it. The Worker does it many
 * times a request and says the mean, because a request of its own would cost more than what is asked for.
 */
import { timesOf } from "./closed-loop.ts";
import type { HttpRequest } from "./http-connection.ts";
import { complaint, sendAll } from "./requests.ts";
import type { Target, Workload } from "./workloads.ts";

/** In one request. */
const TIMES = 50;

export function minting(blocks: number): Workload {
  const request: HttpRequest = { method: "POST", path: `/envelope/${blocks}/${TIMES}`, body: "" };
  return {
    async prepare(target) {
      // The just-in-time compiler needs it once in the life of a process.
      for (let time = 0; time < 5; time += 1) await measured(target, request);
    },
    async round(target, { seconds }) {
      const until = performance.now() + seconds * 1_000;
      const took: number[] = [];
      do took.push(await measured(target, request));
      while (performance.now() < until);
      // Of themselves, without the requests that brought them.
      return { ...timesOf(took), requestsPerSecond: (took.length / took.reduce((sum, each) => sum + each, 0)) * 1_000, errors: 0 };
    },
  };
}

/** @returns milliseconds of one. @throws Error when one of them was not good */
async function measured(target: Target, request: HttpRequest): Promise<number> {
  const [answer] = await sendAll(target, [request]);
  if (answer?.status !== 200) throw new Error(`no envelope was made: ${answer && complaint(answer)}`);
  return (JSON.parse(answer.body) as { each: number }).each;
}
