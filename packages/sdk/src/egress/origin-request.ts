import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Route } from "./admission.js";
import type { Exchange } from "./exchange.js";
import { Refusal } from "./refusal.js";
import { formatAuthority, type RequestTarget } from "./request-target.js";
import { upstreamCredentials, upstreamRefusal } from "./upstream-proxy.js";

/** A request for an origin, or for the proxy before this one, with headers complete but for that proxy's own. */
export interface OriginRequest {
  readonly method: string;
  readonly route: Route;
  readonly target: RequestTarget;
  readonly headers: readonly string[];
  /** Whether a connection may be taken that has been used before. */
  readonly reuse: boolean;
}

/** What an origin answers with. */
export type OriginAnswer =
  | { readonly how: "response"; readonly response: IncomingMessage }
  | {
      readonly how: "upgrade";
      readonly response: IncomingMessage;
      readonly stream: Duplex;
      readonly head: Buffer;
    };

/** Begins a request; the caller sends the body and its end. */
export function openOriginRequest(exchange: Exchange, wanted: OriginRequest): ClientRequest {
  const { route, target, headers, method, reuse } = wanted;
  const { limits, outbound, signal } = exchange;
  const isForUpstream = route.via === "upstream" && target.scheme === "http";
  const rest = target.path === "*" ? "" : target.path;
  const request = httpRequest({
    ...outbound.requestOptions(route, target, reuse, signal),
    method,
    path: isForUpstream ? `http://${formatAuthority(target.host, target.port)}${rest}` : target.path,
    headers: isForUpstream ? [...headers, ...upstreamCredentials(route.upstream)] : headers,
    setHost: false,
    maxHeaderSize: limits.maxHeaderBytes,
  });
  request.maxHeadersCount = 0;
  request.setTimeout(limits.idleTimeoutMs, () =>
    request.destroy(new Refusal("timeout", `nothing moved for ${limits.idleTimeoutMs} ms`)),
  );
  const aborted = (): void => void request.destroy(signal.reason as Error);
  signal.addEventListener("abort", aborted, { once: true });
  request.once("close", () => signal.removeEventListener("abort", aborted));
  return request;
}

/**
 * Waits for the head of an origin's answer.
 *
 * @throws {@link Refusal}
 */
export function answerTo(
  request: ClientRequest,
  { route }: Pick<OriginRequest, "route">,
): Promise<OriginAnswer> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    request.once("response", (response) => {
      isAnswered = true;
      // The client has no part in what is between the two proxies.
      if (response.statusCode === 407 && route.via === "upstream") {
        response.destroy();
        reject(upstreamRefusal(407, "a request"));
      } else resolve({ how: "response", response });
    });
    request.once("upgrade", (response, stream, head) => {
      isAnswered = true;
      resolve({ how: "upgrade", response, stream, head });
    });
    request.on("error", (error) => reject(error instanceof Refusal ? error : brokenBy(error)));
    request.once("close", () => {
      if (!isAnswered) reject(brokenBy(new Error("closed")));
    });
  });
}

/** What goes wrong with an origin after it was reached. */
export function brokenBy(cause: Error): Refusal {
  const code = "code" in cause ? String(cause.code) : cause.message;
  return new Refusal("bad-answer", `the origin gave no proper answer (${code})`, { cause });
}
