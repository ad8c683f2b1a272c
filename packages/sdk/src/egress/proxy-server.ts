import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Admission } from "./admission.js";
import { refuseUnread } from "./answer.js";
import { Clients } from "./clients.js";
import type { EgressProxy, EgressProxyAddress } from "./egress-proxy.js";
import { Exchanges, type Exchange } from "./exchange.js";
import { forward } from "./forward.js";
import { listenOn } from "./listen.js";
import { Outbound } from "./outbound.js";
import { resolveLimits, type EgressProxyOptions, type ResolvedLimits } from "./proxy-options.js";
import { Refusal, type EgressEvent } from "./refusal.js";
import { connect, responseOn, upgrade, type TunnelClient } from "./tunnel.js";
import { unreadReason } from "./unread.js";

/** Takes requests from clients and brings each to its end: served, refused with an answer, or dropped. */
export class ProxyServer implements EgressProxy {
  readonly #options: EgressProxyOptions;
  readonly #limits: ResolvedLimits;
  readonly #server: Server;
  readonly #admission: Admission;
  readonly #outbound: Outbound;
  readonly #exchanges: Exchanges;
  readonly #clients = new Clients();
  #address: EgressProxyAddress = { path: "" };
  #tunnels = 0;
  #removeFile: () => void = () => undefined;
  #closed: Promise<void> | undefined;

  constructor(options: EgressProxyOptions) {
    this.#options = options;
    this.#limits = resolveLimits(options.limits);
    this.#admission = new Admission(options, this.#limits);
    this.#outbound = new Outbound(this.#limits, options.ca);
    this.#exchanges = new Exchanges(
      { admission: this.#admission, outbound: this.#outbound, limits: this.#limits },
      (refusal, request, exchange) => this.#report(refusal, request, exchange),
    );
    this.#server = this.#createServer();
  }

  get address(): EgressProxyAddress {
    return this.#address;
  }

  get connections(): number {
    return this.#clients.count;
  }

  get tunnels(): number {
    return this.#tunnels;
  }

  async listen(): Promise<void> {
    const { listen = {} } = this.#options;
    this.#removeFile = await listenOn(this.#server, listen);
    const bound = this.#server.address();
    if (bound !== null && typeof bound === "object") {
      this.#admission.ownAddress = bound;
      this.#address = { host: bound.address, port: bound.port };
    } else this.#address = { path: "path" in listen ? listen.path : (bound ?? "") };
  }

  close({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#removeFile();
    const over = this.#exchanges.over();
    if (graceMs > 0) {
      const enough = new AbortController();
      const grace = delay(graceMs, undefined, { signal: enough.signal }).catch(() => undefined);
      await Promise.race([grace, over]);
      enough.abort();
    }
    this.#exchanges.cancelAll(new Error("the egress proxy was closed"));
    const gone = this.#clients.destroyAll();
    this.#outbound.destroy();
    await Promise.all([stopped, gone, over, this.#exchanges.over()]);
  }

  #createServer(): Server {
    const { maxHeaderBytes, headersTimeoutMs, keepAliveTimeoutMs, maxConnections } = this.#limits;
    const server = createServer({
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      // A long upload is no fault; one that stands still is idle.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.ceil(Math.min(1_000, headersTimeoutMs / 4)),
      keepAliveTimeout: keepAliveTimeoutMs,
      // Checked with the rest of the request, and reported.
      requireHostHeader: false,
      insecureHTTPParser: false,
      noDelay: true,
    });
    server.maxConnections = maxConnections;
    // By default fields past the two-thousandth vanish unseen; their bytes are bounded above.
    server.maxHeadersCount = 0;
    server.on("connection", (socket: Socket) => this.#clients.add(socket));
    server.on("drop", () =>
      this.#report(new Refusal("limit", `${maxConnections} connections are open, which is the limit`)),
    );
    server.on("request", (request, response) => this.#onRequest(request, response, forward));
    server.on("checkContinue", (request, response) => this.#onRequest(request, response, forward));
    server.on("checkExpectation", (request, response) =>
      this.#onRequest(request, response, refuseExpectation),
    );
    server.on("connect", (request, socket: Socket, head) => {
      const matchName = this.#options.serverNames === "match";
      this.#onTunnel({ request, socket, head }, (exchange, client) => connect(exchange, client, matchName));
    });
    server.on("upgrade", (request, socket: Socket, head) =>
      this.#onTunnel({ request, socket, head }, upgrade),
    );
    server.on("clientError", (error, socket: Socket) => this.#onUnread(error, socket));
    return server;
  }

  #onRequest(
    request: IncomingMessage,
    response: ServerResponse,
    serve: (exchange: Exchange, request: IncomingMessage, response: ServerResponse) => Promise<void>,
  ): void {
    const { socket } = request;
    const isTaken = this.#clients.inTurn(socket, async () => {
      const closed = new Promise<void>((resolve) => response.once("close", resolve));
      const client = { request, end: response, response: () => response };
      await this.#exchanges.run(client, (exchange) => serve(exchange, request, response));
      await closed;
    });
    if (!isTaken) this.#drop(request, "too many requests were sent ahead of their answers");
  }

  #onTunnel(client: TunnelClient, serve: (exchange: Exchange, client: TunnelClient) => Promise<void>): void {
    const { request, socket } = client;
    // Its answer would run into the one that is still due.
    if (this.#clients.isBusy(socket)) {
      this.#drop(request, "a tunnel was asked for ahead of an answer");
      return;
    }
    const { maxTunnels } = this.#limits;
    const isFull = this.#tunnels >= maxTunnels;
    this.#tunnels += 1;
    const side = { request, end: socket, response: () => responseOn(client) };
    const end = this.#exchanges.run(side, async (exchange) => {
      if (isFull) throw new Refusal("limit", `${maxTunnels} tunnels are open, which is the limit`);
      await serve(exchange, client);
    });
    void end.then(() => (this.#tunnels -= 1));
  }

  /** Answers what could not be read as a request, or as the rest of one. */
  #onUnread(error: NodeJS.ErrnoException, socket: Socket): void {
    const refusal = unreadReason(error);
    if (refusal === undefined) {
      socket.destroy();
      return;
    }
    // What was read of the request may be refused already; else its end is not known and never will be.
    if (this.#clients.isBusy(socket)) setImmediate(() => socket.destroySoon());
    else refuseUnread(refusal, socket);
    this.#report(refusal);
  }

  #drop(request: IncomingMessage, message: string): void {
    request.socket.destroy();
    this.#report(new Refusal("limit", message), request);
  }

  #report(refusal: Refusal, request?: IncomingMessage, exchange?: Exchange): void {
    const { reason, message, status, isFailure } = refusal;
    const target = exchange?.target;
    const event: EgressEvent = {
      reason,
      message,
      status,
      method: request?.method ?? "",
      ...(target === undefined ? {} : { host: target.host, port: target.port }),
    };
    const tell = isFailure ? this.#options.onFailed : this.#options.onDenied;
    // A fault of the listener's is no fault of the request's.
    if (tell !== undefined) queueMicrotask(() => tell(event));
  }
}

function refuseExpectation(): Promise<void> {
  const message = "the only expectation that is taken is 100-continue";
  return Promise.reject(new Refusal("malformed", message, { status: 417 }));
}
