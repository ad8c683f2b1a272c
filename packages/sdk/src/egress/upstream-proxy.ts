import { request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { dial, secure } from "./dial.js";
import type { EgressUpstream } from "./proxy-options.js";
import { Refusal } from "./refusal.js";
import { addressesOf, systemResolve } from "./resolver.js";

/** The proxy that StartPlugin's environment names, as an URL; undefined where it names none (EGR-5). */
export function upstreamProxyUrl(requestEnv: Readonly<Record<string, string>>): string | undefined {
  const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
  return names.map((name) => requestEnv[name]).find((value) => value !== undefined && value !== "");
}

/** A proxy to go through, read. */
export interface UpstreamProxy {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
  /** Secret: the value of `Proxy-Authorization`, sent with every request and not only when asked for (EGR-3). */
  readonly authorization: string | undefined;
  readonly ca: string | undefined;
}

/**
 * Reads a proxy's URL; without a scheme it is `http://`, as other programs take it.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT; the text shows nothing of the URL, which holds a password
 */
export function readUpstream(upstream: string | EgressUpstream): UpstreamProxy {
  const { url: text, ca } = typeof upstream === "string" ? { url: upstream } : upstream;
  const withScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url === undefined || url.hostname === "" || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      "upstream is no proxy's URL; write http://host:port or https://host:port, with user:password@ before the host where it wants them",
    );
  const isSecure = url.protocol === "https:";
  const user = `${decode(url.username)}:${decode(url.password)}`;
  return {
    isSecure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
    authorization: user === ":" ? undefined : `Basic ${Buffer.from(user).toString("base64")}`,
    ca,
  };
}

/** Connects to the proxy itself. */
export async function dialUpstream(upstream: UpstreamProxy, signal: AbortSignal): Promise<Duplex> {
  const { host, port, isSecure, ca } = upstream;
  try {
    const addresses = await addressesOf(host, systemResolve, 2 ** 31 - 1, signal);
    const socket = await dial({ host, port, addresses }, signal);
    return isSecure ? await secure(socket, host, ca, signal) : socket;
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal("upstream-failed", `the proxy before this one failed: ${cause.message}`, { cause });
  }
}

/** Has the proxy open a tunnel to `authority` (`host:port`). */
export async function tunnelThrough(
  upstream: UpstreamProxy,
  authority: string,
  signal: AbortSignal,
): Promise<Duplex> {
  const connection = await dialUpstream(upstream, signal);
  return new Promise((resolve, reject) => {
    const aborted = (): void => fail(signal.reason as Error);
    const settle = (): void => {
      signal.removeEventListener("abort", aborted);
    };
    const fail = (error: unknown): void => {
      settle();
      connection.destroy();
      reject(error);
    };
    const request = httpRequest({
      method: "CONNECT",
      path: authority,
      headers: ["Host", authority, ...upstreamCredentials(upstream)],
      createConnection: () => connection,
    });
    request.once("connect", (response, socket, head) => {
      const { statusCode } = response;
      if (statusCode === undefined || statusCode >= 300) {
        fail(upstreamRefusal(statusCode, authority));
        return;
      }
      settle();
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    // Anything but an answer to CONNECT.
    request.once("response", (response) => fail(upstreamRefusal(response.statusCode, authority)));
    request.once("error", (cause) =>
      fail(
        new Refusal("upstream-failed", `the proxy before this one broke off (${cause.message})`, { cause }),
      ),
    );
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted, { once: true });
    request.end();
  });
}

/** The header that a request to the proxy carries, if any. */
export function upstreamCredentials({ authorization }: UpstreamProxy): string[] {
  return authorization === undefined ? [] : ["Proxy-Authorization", authorization];
}

/** What a proxy's answer means that is no tunnel. */
export function upstreamRefusal(status: number | undefined, wanted: string): Refusal {
  if (status === 403) return new Refusal("upstream", `the proxy before this one refuses ${wanted} (403)`);
  const hint = status === 407 ? ": it does not take the credentials that it was sent" : "";
  return new Refusal(
    "upstream-failed",
    `the proxy before this one answered ${status ?? "nothing"} for ${wanted}${hint}`,
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
