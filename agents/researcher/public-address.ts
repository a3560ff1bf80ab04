/**
 * Which web addresses may be fetched for a caller: those of the public internet. An address inside (this machine, a
 * private network, a cloud's metadata service) would let a caller read with our reach what he cannot read with his. Pure:
 * it judges the address as written; a public name that resolves inward has to be stopped by the network the Worker runs in.
 */

/** @returns why the address may not be fetched, or undefined when it may */
export function whyNotPublic(url: URL): string | undefined {
  if (url.protocol !== "https:" && url.protocol !== "http:") return `has a ${url.protocol} address: only http and https are fetched`;
  if (url.username !== "" || url.password !== "") return "has a name or password in its address: fetch it yourself and send its content";
  return isInside(url.hostname) ? "is at a private address, which is not fetched for callers: send its content as text or raw" : undefined;
}

/** @param hostname as `URL` gives it: lower case, IPv4 in dotted decimal whatever was written, IPv6 in brackets */
function isInside(hostname: string): boolean {
  const host = hostname.replace(/\.+$/, "");
  if (host.startsWith("[")) return !isPublicIpv6(host.slice(1, -1));
  const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host)?.slice(1).map(Number);
  if (octets) return isInsideIpv4(octets);
  // A name without a dot means a machine of the own network.
  return !host.includes(".") || /\.(localhost|local|internal|intranet|lan|home|corp|arpa|test|invalid|example|onion)$/.test(host);
}

/** The special-purpose blocks of RFC 6890 and its successors, and multicast. */
function isInsideIpv4([a = 0, b = 0, c = 0]: readonly number[]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  if (a === 100) return b >= 64 && b <= 127;
  if (a === 169) return b === 254;
  if (a === 172) return b >= 16 && b <= 31;
  if (a === 192) return b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99);
  if (a === 198) return b === 18 || b === 19 || (b === 51 && c === 100);
  return a === 203 && b === 0 && c === 113;
}

/** Only global unicast, 2000::/3, and of it nothing that carries another address inside (Teredo, 6to4) or is for documentation. */
function isPublicIpv6(address: string): boolean {
  const [first = "", second = ""] = address.split(":");
  const high = Number.parseInt(first || "0", 16);
  const low = Number.parseInt(second || "0", 16);
  if (high < 0x2000 || high > 0x3fff) return false;
  return high !== 0x2002 && !(high === 0x2001 && (low < 0x200 || low === 0xdb8)) && high !== 0x3fff;
}
