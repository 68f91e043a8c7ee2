/** Where the site lets itself be sent: hosts of the partner, by TLS, at public addresses, unless configured otherwise. */
import { lookup as resolveName } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** What a partner is allowed, from its configuration. */
export interface Reach {
  readonly hosts: ReadonlySet<string>;
  readonly allowHttp: boolean;
  readonly allowPrivateAddresses: boolean;
}

const PRIVATE = new BlockList();
const PRIVATE_V4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const;
const PRIVATE_V6 = [
  ["::", 127],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const;
for (const [net, bits] of PRIVATE_V4) PRIVATE.addSubnet(net, bits, "ipv4");
for (const [net, bits] of PRIVATE_V6) PRIVATE.addSubnet(net, bits, "ipv6");

/** Whether an address is not one of the public internet. IPv4 inside IPv6 counts as IPv4. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  return PRIVATE.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** The host of a URL as {@link Reach} lists it; missing where it is no URL. */
export function hostOf(text: string): string | undefined {
  try {
    return new URL(text).hostname.replace(/^\[|\]$/g, "").toLowerCase();
  } catch {
    return undefined;
  }
}

/** Why a URL of a partner is not called; missing where it may be. */
export function whyNotCalled(text: string, reach: Reach): string | undefined {
  const host = hostOf(text);
  if (host === undefined) return "it is no URL";
  const { protocol, username, password } = new URL(text);
  if (protocol !== "https:" && !(protocol === "http:" && reach.allowHttp)) return "it is not https (allowHttp)";
  if (username !== "" || password !== "") return "it holds a user name";
  if (!reach.hosts.has(host))
    return `its host is not one of the partner's hosts (${[...reach.hosts].join(", ") || "none"})`;
  if (isIP(host) !== 0 && isPrivateAddress(host) && !reach.allowPrivateAddresses)
    return "its address is private (allowPrivateAddresses)";
  return undefined;
}

/** Resolves names as usual, but not into the local network: a public name may point anywhere. */
export function publicLookup(allowPrivateAddresses: boolean): LookupFunction {
  return (host, options, done) => {
    resolveName(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, "", 0);
      const allowed = addresses.filter(({ address }) => allowPrivateAddresses || !isPrivateAddress(address));
      const [first] = allowed;
      if (!first) return done(new Error(`${host} resolves to a private address`), "", 0);
      if (options.all) return (done as (e: null, all: typeof allowed) => void)(null, allowed);
      return done(null, first.address, first.family);
    });
  };
}
