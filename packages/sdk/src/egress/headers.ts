import type { IncomingMessage } from "node:http";
import { Refusal } from "./refusal.js";

/** For one connection only: never passed on. */
const hopByHop = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** What the proxy says itself. */
const setAnew = ["host", "content-length", "max-forwards"];

/** The proxy's name in `Via`. */
const pseudonym = "gestalt-egress";

/** Names and values in turn, as Node.js gives and takes them. */
export type RawHeaders = readonly string[];

export function* pairsOf(raw: RawHeaders): Generator<readonly [name: string, value: string, lower: string]> {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name = "", value = ""] = [raw[index], raw[index + 1]];
    yield [name, value, name.toLowerCase()];
  }
}

/** What remains for the other side: without the fields for this connection, those that `Connection` names, and `but`. */
export function endToEnd(raw: RawHeaders, but: readonly string[] = []): string[] {
  const named = connectionTokens(raw);
  const kept: string[] = [];
  for (const [name, value, lower] of pairsOf(raw))
    if (!hopByHop.has(lower) && !named.includes(lower) && !but.includes(lower)) kept.push(name, value);
  return kept;
}

function connectionTokens(raw: RawHeaders): string[] {
  const tokens: string[] = [];
  for (const [, value, lower] of pairsOf(raw))
    if (lower === "connection") tokens.push(...value.split(",").map((token) => token.trim().toLowerCase()));
  return tokens;
}

/** Adds this proxy to those that a message went through. */
export function via(message: Pick<IncomingMessage, "httpVersion">): string[] {
  return ["Via", `${message.httpVersion} ${pseudonym}`];
}

/** How a request's body is framed; the proxy frames it again for the origin. */
export type Framing =
  { readonly kind: "none" | "chunked" } | { readonly kind: "length"; readonly value: string };

/**
 * Reads how a request's body is framed.
 *
 * @throws {@link Refusal} for framing that two readers could understand in two ways
 */
export function framingOf(request: IncomingMessage): Framing {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked")
      throw new Refusal("malformed", "the only transfer coding that is taken is chunked", { status: 501 });
    if (length !== undefined || request.httpVersion !== "1.1")
      throw new Refusal("malformed", "chunked coding goes with neither Content-Length nor HTTP/1.0");
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "none" };
  if (!/^\d+$/.test(length)) throw new Refusal("malformed", "Content-Length is no number");
  return { kind: "length", value: length };
}

/** Whether a request brings a body. */
export function hasBody(framing: Framing): boolean {
  return framing.kind === "chunked" || (framing.kind === "length" && Number(framing.value) > 0);
}

/**
 * Refuses a version that is neither 1.0 nor 1.1, a request that names its host twice, or, where it has to, not at
 * all. Of `CONNECT` many clients send no `Host`, which says nothing there.
 */
export function checkHead(request: IncomingMessage): void {
  const { httpVersion, method } = request;
  if (httpVersion !== "1.1" && httpVersion !== "1.0")
    throw new Refusal("malformed", "the request is neither HTTP/1.1 nor HTTP/1.0");
  const count = [...pairsOf(request.rawHeaders)].filter(([, , lower]) => lower === "host").length;
  if (count > 1) throw new Refusal("malformed", "the request has more than one Host field");
  if (count === 0 && httpVersion === "1.1" && method !== "CONNECT")
    throw new Refusal("malformed", "the request has no Host field");
}

/** The headers of a request for its origin: `Host` from the URI, framing anew, nothing for the proxy. */
export function requestHeaders(request: IncomingMessage, authority: string, framing: Framing): string[] {
  return [
    "Host",
    authority,
    ...endToEnd(request.rawHeaders, [...setAnew, ...(framing.kind === "chunked" ? [] : ["trailer"])]),
    ...framingHeaders(framing, request.method),
    ...maxForwards(request),
    ...via(request),
  ];
}

/** The headers of an answer for the client. */
export function responseHeaders(response: IncomingMessage): string[] {
  const coding = response.headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    throw new Refusal("bad-answer", "the origin answered in a transfer coding that is not chunked");
  // Where both are given, the length is not to be believed; trailers come behind chunks alone.
  const but = coding === undefined ? ["trailer"] : ["content-length"];
  return [...endToEnd(response.rawHeaders, but), ...via(response)];
}

/** Trailers that may follow a body: none that would change how it is read or who it is for. */
export function trailersOf(message: IncomingMessage): [string, string][] {
  const but = [
    "host",
    "content-length",
    "authorization",
    "cookie",
    "set-cookie",
    "trailer",
    "content-encoding",
  ];
  return [...pairsOf(endToEnd(message.rawTrailers, but))].map(([name, value]) => [name, value]);
}

function framingHeaders(framing: Framing, method: string | undefined): string[] {
  if (framing.kind === "chunked") return ["Transfer-Encoding", "chunked"];
  if (framing.kind === "length") return ["Content-Length", framing.value];
  // Else Node.js would take a method that usually has a body for one that is about to send it.
  return ["GET", "HEAD", "OPTIONS", "DELETE"].includes(method ?? "") ? [] : ["Content-Length", "0"];
}

function maxForwards(request: IncomingMessage): string[] {
  const value = request.headers["max-forwards"];
  if (typeof value !== "string") return [];
  const left = request.method === "OPTIONS" && /^\d+$/.test(value) ? String(Number(value) - 1) : value;
  return ["Max-Forwards", left];
}
