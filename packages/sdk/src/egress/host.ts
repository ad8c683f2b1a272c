import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

/** Past this no text is a host, in whatever script it is written. */
const maxTextLength = 1024;
const maxNameLength = 253;
const label = /^[a-z\d_-]{1,63}$/;

/**
 * The one spelling of a host: a name in lower case and ASCII (`bücher.example` is `xn--bcher-kva.example`) without a
 * dot at its end, an IPv4 address in dotted decimals (`0x7f.1` is `127.0.0.1`), an IPv6 address in its shortest form
 * without brackets, one that only wraps an IPv4 address as that address.
 *
 * Undefined for what is no host: a port behind it, an empty label, a label of more than 63 or a name of more than 253
 * characters, `%`, white space, anything else that no name has, an address with a zone or with a number too many.
 */
export function canonicalHost(text: string): string | undefined {
  if (text.length > maxTextLength) return undefined;
  if (text.startsWith("[")) return text.endsWith("]") ? canonicalIPv6(text.slice(1, -1)) : undefined;
  if (text.includes(":")) return canonicalIPv6(text);
  // What follows decodes `%`, drops tabs and stops at `/`: all of that would be two hosts in one text.
  if (/(?![\w.-])[\0-\x7f]/.test(text)) return undefined;
  const ascii = domainToASCII(text);
  if (isIPv4(ascii)) return ascii;
  const name = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  return name.length <= maxNameLength && name.split(".").every((part) => label.test(part)) ? name : undefined;
}

/**
 * The host of `host`, `host:port`, `[address]` or `[address]:port`, in its one spelling; the port may be any.
 * Undefined for anything else.
 */
export function canonicalHostBeforePort(text: string): string | undefined {
  const [, host] = /^(\[[^\]]*\]|[^:]*):\d{0,5}$/.exec(text) ?? [];
  return canonicalHost(host ?? text);
}

function canonicalIPv6(text: string): string | undefined {
  // A zone names an interface of one machine; it means nothing on another, and nothing to a policy.
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(address) ?? [];
  return high === undefined || low === undefined ? address : dotted(high, low);
}

function dotted(high: string, low: string): string {
  const [first, second] = [parseInt(high, 16), parseInt(low, 16)];
  return [first >> 8, first & 0xff, second >> 8, second & 0xff].join(".");
}
