import { canonicalHost } from "./host.js";
import { Refusal } from "./refusal.js";

/** What a request wants to reach. */
export interface RequestTarget {
  readonly scheme: "http" | "https";
  /** In its one spelling. */
  readonly host: string;
  readonly port: number;
  /** As the `Host` field names it: the port only where it is not the scheme's own. */
  readonly authority: string;
  /** Path and query as the client wrote them; empty for a tunnel. */
  readonly path: string;
}

const defaultPorts = { http: 80, https: 443 };

/** Reads what `CONNECT` asks for: `host:port`, or `host`, which means port 443 (EGR-3). */
export function parseConnectTarget(text: string): RequestTarget {
  if (text.includes("/")) throw malformed("CONNECT takes a host and a port, no URI");
  return targetOf("https", text, "");
}

/** Reads an absolute URI. */
export function parseAbsoluteTarget(text: string, method: string): RequestTarget {
  const [, scheme, authority, path] = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)(.*)$/i.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || path === undefined)
    throw malformed("this is a proxy: it takes CONNECT and requests with an absolute URI");
  const known = scheme.toLowerCase();
  if (known !== "http" && known !== "https")
    throw malformed(`the scheme ${JSON.stringify(scheme.slice(0, 32))} is neither http nor https`);
  if (path.includes("#")) throw malformed("the URI has a fragment, which stays with the client");
  // An OPTIONS request without a path is about the server as a whole.
  const rooted = path === "" && method === "OPTIONS" ? "*" : path.startsWith("/") ? path : `/${path}`;
  return targetOf(known, authority, rooted);
}

/** `host:port` with brackets around an IPv6 address. */
export function formatAuthority(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

function targetOf(scheme: "http" | "https", authority: string, path: string): RequestTarget {
  if (authority.includes("@"))
    throw malformed("the authority has credentials in it, which hide where it leads");
  const [, hostText = "", portText] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  const port = portText === undefined ? defaultPorts[scheme] : Number(portText);
  if ((portText !== undefined && !/^\d{1,5}$/.test(portText)) || port < 1 || port > 65_535)
    throw malformed("the port is no number from 1 to 65535");
  const host = canonicalHost(hostText);
  if (host === undefined) throw malformed(`${shown(hostText)} is no host`);
  const isDefault = port === defaultPorts[scheme];
  return { scheme, host, port, path, authority: isDefault ? bracketed(host) : formatAuthority(host, port) };
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 255 ? `${text.slice(0, 255)}…` : text);
}

function malformed(message: string): Refusal {
  return new Refusal("malformed", message);
}
