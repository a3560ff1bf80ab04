/**
 * What a server holds for each thing that it keeps and that does nothing: tasks that wait for an answer, or plain objects of
 * the platform. One round makes many and divides by them what the process grew by.
 */
import { timesOf } from "./closed-loop.ts";
import type { HttpRequest, HttpResponse } from "./http-connection.ts";
import { sendAll } from "./requests.ts";
import { residentBytes } from "./resident-memory.ts";
import type { Workload } from "./workloads.ts";

/** Before the count begins: code that is compiled and caches that are filled are no part of one object's memory. */
const WARM_UP = 300;

/** @param check what is wrong with the answer to such a request, or nothing */
export function holding(next: () => HttpRequest, check: (response: HttpResponse) => string | undefined): Workload {
  return {
    async round(target, { mostRequests }) {
      const make = async (count: number) =>
        (await sendAll(target, Array.from({ length: count }, next))).flatMap((each) => check(each) ?? []);
      const wrongBefore = await make(WARM_UP);
      const before = residentBytes(target.pid);
      const began = performance.now();
      const wrong = [...wrongBefore, ...(await make(mostRequests))];
      const took = performance.now() - began;
      return {
        ...timesOf([took / mostRequests]),
        requests: mostRequests,
        requestsPerSecond: (mostRequests / took) * 1_000,
        bytesEach: (residentBytes(target.pid) - before) / mostRequests,
        errors: wrong.length,
        ...(wrong[0] !== undefined && { firstError: wrong[0] }),
      };
    },
  };
}
