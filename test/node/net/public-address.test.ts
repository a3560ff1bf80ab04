import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { faultOf, isLoopback } from "../../../shared/net/public-address.ts";
import { whyNoWebhook } from "../../../shared/net/webhook-address.ts";

const INSIDE = [
  "http://localhost/",
  "http://LOCALHOST./",
  "http://api.localhost/",
  "http://metadata/",
  "http://metadata.google.internal/",
  "http://metadata.google.internal./",
  "http://printer.local/",
  "http://router.home.arpa/",
  "http://kubernetes.default.svc.cluster.local/",
  "http://127.0.0.1/",
  "http://127.0.0.1./",
  "http://127.1/",
  "http://2130706433/",
  "http://0x7f.0.0.1/",
  "http://0177.0.0.1/",
  "http://①②⑦.0.0.1/",
  "http://127。0。0。1/",
  "http://0.0.0.0/",
  "http://0/",
  "http://10.1.2.3/",
  "http://172.16.0.1/",
  "http://172.31.255.255/",
  "http://192.168.1.1/",
  "http://169.254.169.254/latest/meta-data",
  "http://168.63.129.16/",
  "http://100.64.0.1/",
  "http://100.100.100.200/",
  "http://192.0.0.192/",
  "http://198.18.0.1/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://[::1]/",
  "http://[::]/",
  "http://[0:0:0:0:0:0:0:1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[::127.0.0.1]/",
  "http://[::ffff:0:127.0.0.1]/",
  "http://[fe80::1]/",
  "http://[fec0::1]/",
  "http://[fd00::1]/",
  "http://[fd00:ec2::254]/",
  "http://[ff02::1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[64:ff9b:1::a00:1]/",
  "http://[2002:7f00:1::]/",
  "http://[2001::1]/",
  "http://[2001:db8::1]/",
  "http://[3fff::1]/",
  "http://[4000::1]/",
];

describe("an address inside", () => {
  it.each(INSIDE)("is known as such, however it is written: %s", (address) => {
    expect(faultOf(new URL(address))).toBe("inside");
  });

  const octet = fc.integer({ min: 0, max: 255 });
  const PRIVATE = fc.oneof(
    fc.tuple(fc.constantFrom(0, 10, 127), octet, octet, octet),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
    fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
  );
  /** As the URL standard lets IPv4 addresses be written: 1 to 4 numbers, each in base 8, 10 or 16. */
  const spelt = fc
    .tuple(PRIVATE, fc.integer({ min: 1, max: 4 }), fc.array(fc.constantFrom(8, 10, 16), { minLength: 4, maxLength: 4 }), fc.boolean())
    .map(([octets, count, bases, dot]) => {
      const last = octets.slice(count - 1).reduce((number, each) => number * 256 + each, 0);
      const write = (number: number, base = 10) =>
        base === 16 ? `0x${number.toString(16)}` : base === 8 ? `0${number.toString(8)}` : `${number}`;
      return { octets, host: [...octets.slice(0, count - 1), last].map((each, at) => write(each, bases[at])).join(".") + (dot ? "." : "") };
    });

  it("is known in every spelling of an IPv4 address, and inside every IPv6 address that leads to it", () => {
    const hex = (octets: readonly number[]) => {
      const [a = 0, b = 0, c = 0, d = 0] = octets;
      return [`${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`, octets.join(".")] as const;
    };
    fc.assert(
      fc.property(spelt, ({ octets, host }) => {
        const [words, dotted] = hex(octets);
        const carriers = [`[::ffff:${dotted}]`, `[::ffff:${words}]`, `[::${dotted}]`, `[64:ff9b::${dotted}]`, `[2002:${words}::1]`];
        for (const each of [host, ...carriers]) expect(faultOf(new URL(`https://${each}/hook`)), each).toBe("inside");
      }),
    );
  });

  it("is known below every name that is kept for insides", () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
    fc.assert(
      fc.property(
        fc.array(label, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("localhost", "local", "internal", "home.arpa", "LOCAL", "Internal."),
        (labels, zone) => {
          expect(faultOf(new URL(`https://${labels.join(".")}.${zone}/`))).toBe("inside");
        },
      ),
    );
  });
});

describe("an address outside", () => {
  it.each([
    "https://example.com/",
    "http://example.com:8080/a",
    "https://172.32.0.1/",
    "https://100.128.0.1/",
    "https://192.0.1.1/",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "https://localhost.com/",
    "https://xn--bcher-kva.example.org/",
  ])("may be reached: %s", (address) => {
    expect(faultOf(new URL(address))).toBeUndefined();
  });

  it.each([
    ["ftp://example.com/a.md", "not-web"],
    ["file:///etc/passwd", "not-web"],
    ["data:text/plain,hi", "not-web"],
    ["https://user:secret@example.com/", "credentials"],
    ["https://user@example.com/", "credentials"],
    ["https://example.com:22/", "port"],
    ["https://example.com:25/", "port"],
    ["https://example.com:6667/", "port"],
    ["http://example.com:443/", "port"],
  ])("may not be reached in the wrong way: %s is %s", (address, fault) => {
    expect(faultOf(new URL(address))).toBe(fault);
  });
});

describe("this machine", () => {
  it.each([
    "http://127.0.0.1/",
    "http://127.8.8.8:9000/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://localhost:1/",
    "http://a.localhost/",
  ])("is %s", (address) => expect(isLoopback(new URL(address))).toBe(true));

  it.each(["http://10.0.0.1/", "http://localhost.com/", "http://0.0.0.0/", "http://[::]/", "http://128.0.0.1/", "http://my-localhost/"])(
    "is not %s",
    (address) => expect(isLoopback(new URL(address))).toBe(false),
  );
});

describe("a webhook", () => {
  it.each<[string, { deployed: boolean; local: boolean }]>([
    ["https://hooks.example.org/a?b=c", { deployed: true, local: true }],
    ["https://hooks.example.org:8443/a", { deployed: true, local: true }],
    ["http://hooks.example.org/a", { deployed: false, local: false }],
    ["http://127.0.0.1:9000/a", { deployed: false, local: true }],
    ["http://localhost:9000/a", { deployed: false, local: true }],
    ["https://127.0.0.1:9000/a", { deployed: false, local: true }],
    ["http://10.0.0.1:9000/a", { deployed: false, local: false }],
    ["https://192.168.0.1/a", { deployed: false, local: false }],
    ["http://127.0.0.1:6000/a", { deployed: false, local: false }],
    ["http://me:secret@127.0.0.1:9000/a", { deployed: false, local: false }],
    ["https://hooks.example.org/a#b", { deployed: false, local: false }],
    ["nonsense", { deployed: false, local: false }],
  ])("at %s is allowed as it should be", (address, expected) => {
    const allowed = (local: boolean) => whyNoWebhook(address, { local }) === undefined;
    expect({ deployed: allowed(false), local: allowed(true) }).toEqual(expected);
  });

  it("may be anywhere that is public and speaks TLS, and nowhere else once it is deployed", () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ["http", "https"] }), (address) => {
        const url = new URL(address);
        const why = whyNoWebhook(address, { local: false });
        if (why === undefined) expect([url.protocol, faultOf(url)]).toEqual(["https:", undefined]);
      }),
    );
  });
});
