import { request as requestHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { request as requestHttps, type RequestOptions } from "node:https";
import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { FetchParams, FetchResult } from "./operations.js";
import { Refusal } from "./params.js";

const maxBodyBytes = 1 << 20;

/** Gets a URL and tells how it went: a refusal by the network is an answer, not an error (EGR-1, EGR-3). */
export async function fetchUrl(params: FetchParams): Promise<FetchResult> {
  const url = webUrl(params.url, "url");
  const proxy = proxyOf(params);
  const via: FetchResult["via"] =
    proxy === undefined
      ? "direct"
      : url.protocol === "https:" || params.connect === true
        ? "connect"
        : "absolute-uri";
  const signal = AbortSignal.timeout(params.timeoutMs ?? 10_000);
  const tls = params.insecureTls === true ? { rejectUnauthorized: false } : {};
  try {
    const answer =
      proxy === undefined
        ? await send(url, { ...tls, signal })
        : via === "connect"
          ? await throughTunnel(url, proxy, tls, signal)
          : await send(proxy, {
              ...tls,
              signal,
              path: url.href,
              headers: { host: url.host, ...authorization(proxy) },
            });
    return { ok: true, via, ...(await read(answer)) };
  } catch (thrown) {
    const error = signal.aborted ? (signal.reason as Error) : (thrown as Error);
    const code = (error as NodeJS.ErrnoException).code;
    return {
      ok: false,
      via,
      error: error.message,
      ...(typeof code === "string" ? { code } : {}),
      ...(error instanceof ProxyRefusal ? { proxyStatus: error.status } : {}),
    };
  }
}

class ProxyRefusal extends Error {
  constructor(readonly status: number) {
    super(`the proxy answered CONNECT with ${status}`);
  }
}

function proxyOf({ proxy, proxyEnv }: FetchParams): URL | undefined {
  if (proxy !== undefined && proxyEnv !== undefined)
    throw new Refusal(400, 'fetch: give "proxy" or "proxyEnv", not both');
  if (proxy !== undefined) return webUrl(proxy, "proxy");
  if (proxyEnv === undefined) return undefined;
  const value = process.env[proxyEnv];
  if (value === undefined) throw new Refusal(424, `fetch: ${proxyEnv} is not set`);
  return webUrl(value, proxyEnv);
}

function webUrl(text: string, field: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new Refusal(400, `fetch: ${field} must be an http:// or https:// URL`);
}

async function throughTunnel(
  url: URL,
  proxy: URL,
  tls: { readonly rejectUnauthorized?: boolean },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  const destination = `${url.hostname}:${port}`;
  const tunnel = await new Promise<Socket>((resolve, reject) => {
    begin(proxy, {
      ...tls,
      signal,
      method: "CONNECT",
      path: destination,
      headers: { host: destination, ...authorization(proxy) },
    })
      .on("connect", (answer: IncomingMessage, socket: Socket) => {
        if (answer.statusCode === 200) resolve(socket);
        else {
          socket.destroy();
          reject(new ProxyRefusal(answer.statusCode ?? 0));
        }
      })
      .on("response", (answer) => reject(new ProxyRefusal(answer.statusCode ?? 0)))
      .on("error", reject)
      .end();
  });
  signal.addEventListener("abort", () => tunnel.destroy(), { once: true });
  const createConnection = (): Socket =>
    url.protocol === "https:" ? connectTls({ socket: tunnel, ...serverName(url), ...tls }) : tunnel;
  return send(url, { signal, createConnection });
}

/** An address is no server name: TLS has none then. */
function serverName({ hostname }: URL): { servername?: string } {
  return isIP(hostname.replace(/^\[|\]$/g, "")) === 0 ? { servername: hostname } : {};
}

function send(to: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    begin(to, options).on("response", resolve).on("error", reject).end();
  });
}

function begin(to: URL, options: RequestOptions): ClientRequest {
  // No shared agent: every request has a connection of its own, which ends with it. (With `agent: false` as well,
  // Node.js would overlook `createConnection`.)
  const own: RequestOptions = options.createConnection === undefined ? { agent: false, ...options } : options;
  if (to.protocol !== "https:") return requestHttp(bare(to), own);
  // Node.js would take the Host field for the server's name, which through a proxy is the origin's.
  return requestHttps(bare(to), { servername: "", ...serverName(to), ...own });
}

/** Node.js would send a URL's user and password to the origin as well. */
function bare(url: URL): URL {
  const copy = new URL(url);
  copy.username = "";
  copy.password = "";
  return copy;
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

async function read(answer: IncomingMessage): Promise<{ status: number; body: string }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error(`the body is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
}
