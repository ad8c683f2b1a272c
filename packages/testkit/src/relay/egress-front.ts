import { request as requestHttp, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { PolicyProxies } from "./policy-proxies.js";
import type { EgressClaims, HostTokens } from "./tokens.js";

/** What came of one request to the public proxy, for the trace. */
export interface EgressOutcome {
  readonly plugin: string;
  readonly method: string;
  /** The target as the client wrote it. */
  readonly target: string;
  readonly status: number;
}

export interface EgressFrontOptions {
  readonly tokens: HostTokens;
  readonly proxies: PolicyProxies;
  readonly onRequest: (outcome: EgressOutcome) => void;
}

/** Whether a request is one for the proxy: without credentials it is an ordinary one, which gets 404 (EGR-3). */
export function isProxyRequest({ method, url = "", headers }: IncomingMessage): boolean {
  const wants = method === "CONNECT" || /^https?:\/\//i.test(url);
  return wants && headers["proxy-authorization"] !== undefined;
}

/**
 * The public egress proxy's door: it reads the token, and passes the request on to the proxy that enforces the
 * token's policy (EGR-3).
 */
export class EgressFront {
  readonly #options: EgressFrontOptions;

  constructor(options: EgressFrontOptions) {
    this.#options = options;
  }

  /** A request with an absolute URI. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const claims = await this.#claimsOf(request);
    if (claims === undefined) {
      this.#tell(request, "", 407);
      const { headers, body } = plain(407);
      response.writeHead(407, headers).end(body);
      request.resume();
      return;
    }
    const answer = await this.#ask(request, claims, (outgoing) => request.pipe(outgoing));
    if (answer === undefined) {
      this.#tell(request, claims.plugin, 502);
      response.writeHead(502, plain(502).headers).end(plain(502).body);
      request.resume();
      return;
    }
    const status = statusFor(answer.message);
    this.#tell(request, claims.plugin, status);
    response.sendDate = false;
    response.writeHead(status, answer.message.statusMessage, answer.message.rawHeaders);
    await pipeline(answer.message, response).catch(() => undefined);
    request.unpipe();
    request.resume();
  }

  /** A tunnel. */
  async connect(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on("error", () => undefined);
    const claims = await this.#claimsOf(request);
    if (claims === undefined) {
      this.#tell(request, "", 407);
      endWith(client, 407);
      return;
    }
    const answer = await this.#ask(request, claims, (outgoing) => outgoing.end());
    const status = answer === undefined ? 502 : statusFor(answer.message);
    this.#tell(request, claims.plugin, status);
    if (answer?.socket === undefined || status !== 200) {
      answer?.socket?.destroy();
      endWith(client, status);
      return;
    }
    const tunnel = answer.socket;
    client.write("HTTP/1.1 200 OK\r\n\r\n");
    if (answer.head.length > 0) client.write(answer.head);
    if (head.length > 0) tunnel.write(head);
    // Each side's end is passed on by itself: a tunnel may be half closed.
    tunnel.on("error", () => client.destroy());
    client.on("error", () => tunnel.destroy());
    client.once("close", () => tunnel.destroy());
    tunnel.once("close", () => client.end());
    client.pipe(tunnel);
    tunnel.pipe(client);
  }

  async #claimsOf({ headers }: IncomingMessage): Promise<EgressClaims | undefined> {
    const token = passwordIn(headers["proxy-authorization"] ?? "");
    try {
      return await this.#options.tokens.readEgress(token);
    } catch {
      return undefined;
    }
  }

  async #ask(
    request: IncomingMessage,
    claims: EgressClaims,
    send: (outgoing: ReturnType<typeof requestHttp>) => void,
  ): Promise<Answer | undefined> {
    const socketPath = await this.#options.proxies.pathFor(claims);
    return new Promise((resolve) => {
      const outgoing = requestHttp({
        socketPath,
        agent: false,
        method: request.method,
        path: request.url,
        headers: withoutCredentials(request.rawHeaders),
      } as object);
      outgoing.once("response", (message) => resolve({ message, head: Buffer.alloc(0) }));
      outgoing.once("connect", (message, socket, head) => resolve({ message, socket, head }));
      outgoing.on("error", () => resolve(undefined));
      request.socket.once("close", () => outgoing.destroy());
      send(outgoing);
    });
  }

  #tell({ method = "", url = "" }: IncomingMessage, plugin: string, status: number): void {
    this.#options.onRequest({ plugin, method, target: url, status });
  }
}

interface Answer {
  readonly message: IncomingMessage;
  readonly head: Buffer;
  readonly socket?: Duplex;
}

/** Where nothing is reached, for whatever reason, the host says 502 (EGR-3). */
function statusFor({ statusCode = 502, headers }: IncomingMessage): number {
  const isProxysOwn = headers["proxy-status"]?.toString().startsWith("gestalt-egress") === true;
  return isProxysOwn && statusCode === 504 ? 502 : statusCode;
}

/** The password of Basic, or the whole of Bearer. */
function passwordIn(header: string): string {
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return "";
  const pair = Buffer.from(value, "base64").toString();
  return pair.slice(pair.indexOf(":") + 1);
}

function withoutCredentials(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    if (name.toLowerCase() !== "proxy-authorization") kept.push(name, value);
  }
  return kept;
}

const texts: Record<number, string> = {
  403: "Forbidden",
  404: "Not Found",
  407: "Proxy Authentication Required",
  502: "Bad Gateway",
};

/** An answer of the host's own. */
export function plain(status: number): { readonly headers: Record<string, string>; readonly body: string } {
  const body = `${texts[status] ?? "The proxy could not serve this"}\n`;
  return {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-length": String(Buffer.byteLength(body)),
      ...(status === 407 ? { "proxy-authenticate": 'Basic realm="gestaltd"' } : {}),
    },
    body,
  };
}

/** The same for a connection that was to become a tunnel; it ends with it. */
export function endWith(client: Duplex, status: number): void {
  const { headers, body } = plain(status);
  const lines = Object.entries({ ...headers, connection: "close" }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  client.end(`HTTP/1.1 ${status} ${texts[status] ?? "Refused"}\r\n${lines.join("")}\r\n${body}`);
}
