/**
 * Which web addresses a Worker may reach on somebody else's word: those of the public internet. An address inside (this
 * machine, a private network, a cloud's metadata service) would let a caller reach with our arms what he cannot reach with
 * his own. Pure: it judges the address as written; a public name that resolves inward has to be stopped by the network the
 * Worker runs in.
 */
import ipaddr from "ipaddr.js";

/** In the order in which they are looked for. */
export type AddressFault = "not-web" | "credentials" | "inside" | "port";

/** Of the ports above the well-known ones those that no browser fetches from either. (WHATWG Fetch, 2.9) */
const BAD_PORTS = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
]);

/** Zones that are never public, by standard (RFC 6761, 6762, 7686, 8375, 9476) or because networks use them for their own. */
const INSIDE_ZONES =
  /\.(localhost|localdomain|local|internal|intranet|private|corp|home|lan|arpa|alt|test|invalid|example|onion|consul|svc|cluster|docker)$/;

/** A cloud's own service at an address of the public kind. */
const CLOUD_SERVICES = new Set(["168.63.129.16"]);

/**
 * @param loopback whether this machine itself may be reached as well
 * @returns what is wrong with the address, or undefined when it may be reached
 */
export function faultOf(url: URL, { loopback = false } = {}): AddressFault | undefined {
  if (url.protocol !== "https:" && url.protocol !== "http:") return "not-web";
  if (url.username !== "" || url.password !== "") return "credentials";
  if (isInside(hostOf(url)) && !(loopback && isLoopback(url))) return "inside";
  // The parser leaves out the port that is the scheme's own.
  const port = Number(url.port);
  return url.port !== "" && (port < 1024 || BAD_PORTS.has(port)) ? "port" : undefined;
}

/** Whether the address is this machine itself, by number or by the names that are kept for it. (RFC 6761, 6.3) */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() === "loopback";
  return host === "localhost" || host.endsWith(".localhost");
}

/**
 * Whether the address is this machine by one of the three names that no resolver has to be asked for. Where somebody is
 * believed because he is on this machine it must be one of these: for others, such as `a.localhost`, some systems ask the network.
 */
export function namesThisMachine({ hostname }: URL): boolean {
  return hostname === "127.0.0.1" || hostname === "localhost" || hostname === "[::1]";
}

/** As `URL` reads it (small letters, IPv4 in four decimals however it was written), without brackets and dots at the end. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.+$/, "");
}

function isInside(host: string): boolean {
  if (ipaddr.isValid(host)) return !isPublic(ipaddr.parse(host)) || CLOUD_SERVICES.has(host);
  // A name without a dot means a machine of the own network.
  return !host.includes(".") || host.includes("..") || INSIDE_ZONES.test(host);
}

/** What carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo) is of a range of its own, and so not public. */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== "unicast") return false;
  // Of IPv6 nothing else has been given out. (RFC 4291, 2.4)
  return address instanceof ipaddr.IPv4 || address.match(ipaddr.IPv6.parse("2000::"), 3);
}
