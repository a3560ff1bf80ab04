/**
 * Where push notifications may be sent: judged when a config comes in, and again right before each delivery, because what
 * is stored outlives the rules of its day. Pure; says in words what the config's caller has to change. (A2A 1.0, 13.2)
 */
import { type AddressFault, faultOf, isLoopback } from "./public-address.ts";

/**
 * @param local this is somebody's own machine, whose own servers may be reached, also without TLS
 * @returns why nothing may be sent there, as the end of a sentence about the URL; undefined when it may
 */
export function whyNoWebhook(address: string, { local }: { local: boolean }): string | undefined {
  const url = URL.parse(address);
  if (url === null) return "must be an absolute URL";
  // Looked for in the text, because the parser reports an empty fragment as none.
  if (address.includes("#")) return "must not have a fragment (#…), which would not be sent";
  const fault = faultOf(url, { loopback: local });
  if (fault !== undefined) return explain(fault, local);
  return url.protocol === "https:" || isLoopback(url) ? undefined : "must begin with https://, because notifications carry your data";
}

function explain(fault: AddressFault, local: boolean): string {
  switch (fault) {
    case "not-web":
      return "must begin with https://";
    case "credentials":
      return "must not hold a user name or password: send them as authentication";
    case "port":
      return "must use port 443, or one from 1024 that is not kept for another protocol";
    case "inside":
      return local
        ? "must be a public https address, or one of this machine such as http://127.0.0.1:9000"
        : "must be a public address: this machine, private networks and reserved names are never reached";
  }
}
