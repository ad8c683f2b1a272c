import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseDialTarget, RuntimeProviderError, type ErrorCode } from "@gestalt-runtime/sdk";
import { status } from "@grpc/grpc-js";
import { admitCall, type AdmittedCall } from "./admission.js";
import { EgressFront, endWith, isProxyRequest, plain, type EgressOutcome } from "./egress-front.js";
import { forwardCall, ServiceConnections } from "./forward-call.js";
import { answerStatus } from "./grpc-answer.js";
import { egressUser, relayTokenHeader } from "./headers.js";
import { PolicyProxies } from "./policy-proxies.js";
import { bothProtocols, type BothProtocols, type TlsPair } from "./protocols.js";
import { RelayedSessions, type RelayedSession } from "./sessions.js";
import type { HostTokens } from "./tokens.js";

/** What became of one relayed call, for the trace. */
export interface RelayedCall {
  /** As its token says; empty for a call that was refused. */
  readonly plugin: string;
  readonly envVar: string;
  /** Service and method, such as `Cache/Get`. */
  readonly method: string;
  readonly code: "OK" | ErrorCode;
}

/** Where the public listener is, and how it is known. */
export interface PublicListenerOptions {
  /** An address of this machine. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Ends TLS here. Default: plaintext, as gestaltd itself serves; something in front of it ends TLS then. */
  readonly tls?: TlsPair;
  /**
   * Of later hosts: how plugins are told to trust `tls`, as text in `GESTALT_HOST_SERVICE_TLS_CA_PEM` or as a file of
   * the host's in `GESTALT_HOST_SERVICE_TLS_CA_FILE`. Default: not at all.
   */
  readonly announceCa?: "pem" | "file";
  /** Finds the addresses of names that plugins want to reach through the proxy. Default: the system's way. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

export interface OpenPublicListenerOptions extends PublicListenerOptions {
  /** `server.baseUrl`. Default: the listener's own address, under the name `localhost`. */
  readonly baseUrl?: string | undefined;
  /** Of later hosts: the base URL for relays. Default: `baseUrl`. */
  readonly relayBaseUrl?: string | undefined;
  readonly tokens: HostTokens;
  /** A directory of its own for sockets. */
  readonly directory: string;
  /** Runs once it is closed; removes the directory. */
  readonly afterClose: () => Promise<void>;
  readonly egressTunnelMs: number;
  readonly concurrentStreams: number;
  readonly onCall?: (call: RelayedCall) => void;
  readonly onEgress?: (outcome: EgressOutcome) => void;
}

/** How long a connection may say nothing before it is closed. */
const silenceMs = 10_000;

/**
 * The host's public side: it relays host services to those who show a token, and is the egress proxy for those who
 * show another. One address, HTTP/1.1 and HTTP/2 with prior knowledge.
 */
export class PublicListener implements AsyncDisposable {
  /** Makes its tokens. */
  readonly tokens: HostTokens;
  /** The address on which it listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** `server.baseUrl`: how the world knows it. */
  readonly baseUrl: string;
  /** Of later hosts: where relays and the proxy are reached, if not at `baseUrl`. */
  readonly relayBaseUrl: string | undefined;
  /** The host part of the relays' URL, which `allowed_hosts` gets (EGR-5). */
  readonly publicHost: string;
  /** What every relayed binding names (BIND-3). */
  readonly dialTarget: string;
  /** What later hosts tell plugins to trust, by variable. */
  readonly caEnvironment: Readonly<Record<string, string>>;
  readonly #servers: BothProtocols;
  readonly #sessions = new RelayedSessions();
  readonly #services = new ServiceConnections();
  readonly #proxies: PolicyProxies;
  readonly #front: EgressFront;
  readonly #onCall: (call: RelayedCall) => void;
  readonly #afterClose: () => Promise<void>;
  #closed: Promise<void> | undefined;

  private constructor(options: OpenPublicListenerOptions, servers: BothProtocols) {
    const { address, port } = servers.server.address() as AddressInfo;
    this.tokens = options.tokens;
    this.address = { host: address, port };
    this.baseUrl = options.baseUrl ?? `${options.tls === undefined ? "http" : "https"}://localhost:${port}`;
    this.relayBaseUrl = options.relayBaseUrl;
    const url = new URL(this.relayBaseUrl ?? this.baseUrl);
    this.publicHost = url.hostname.replace(/^\[|\]$/g, "");
    this.dialTarget = dialTargetOf(url);
    this.caEnvironment = caEnvironment(options);
    this.#servers = servers;
    this.#afterClose = options.afterClose;
    this.#proxies = new PolicyProxies({
      directory: options.directory,
      publicHost: this.publicHost,
      tunnelTimeoutMs: options.egressTunnelMs,
      resolve: options.resolve,
    });
    this.#front = new EgressFront({
      tokens: options.tokens,
      proxies: this.#proxies,
      onRequest: options.onEgress ?? (() => undefined),
    });
    this.#onCall = options.onCall ?? (() => undefined);
    this.#serve();
  }

  /** @internal */
  static async open(options: OpenPublicListenerOptions): Promise<PublicListener> {
    const servers = bothProtocols(options.tls, {
      concurrentStreams: options.concurrentStreams,
      headersTimeoutMs: silenceMs,
    });
    servers.server.listen({ host: options.host ?? "127.0.0.1", port: options.port ?? 0 });
    await once(servers.server, "listening");
    return new PublicListener(options, servers);
  }

  /** Relays calls for a session from now on; what is returned ends that. */
  relay(session: RelayedSession): () => void {
    return this.#sessions.add(session);
  }

  /** The value of HTTP_PROXY and HTTPS_PROXY for one who has this egress token. Secret. */
  proxyUrl(token: string): string {
    const { protocol, host } = new URL(this.relayBaseUrl ?? this.baseUrl);
    return `${protocol}//${egressUser}:${token}@${host}`;
  }

  /** Stops listening and cuts what is open. */
  close(): Promise<void> {
    return (this.#closed ??= (async () => {
      const { server, sockets, http1, http2 } = this.#servers;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      this.#services.closeAll();
      http1.closeAllConnections();
      http1.removeAllListeners();
      http2.removeAllListeners();
      await Promise.all([closed, this.#proxies.close()]);
      await this.#afterClose();
    })());
  }

  /** Calls `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #serve(): void {
    const { http1, http2 } = this.#servers;
    http2.on("stream", (call, headers) => void this.#onStream(call, headers));
    http1.on("request", (request, response) => {
      if (isProxyRequest(request)) {
        void this.#front.serve(request, response);
        return;
      }
      const { headers, body } = plain(404);
      response.writeHead(404, headers).end(body);
      request.resume();
    });
    http1.on("connect", (request, socket, head) => {
      if (isProxyRequest(request)) void this.#front.connect(request, socket, head);
      else endWith(socket, 404);
    });
    http1.on("clientError", (_error, socket) => socket.destroy());
  }

  async #onStream(call: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    call.on("error", () => undefined);
    const token = headers[relayTokenHeader];
    const isGrpc = headers["content-type"]?.startsWith("application/grpc") === true;
    if (headers[":method"] !== "POST" || !isGrpc || typeof token !== "string") {
      const { headers: fields, body } = plain(404);
      call.respond({ ":status": 404, ...fields });
      call.end(body);
      call.resume();
      return;
    }
    const method = headers[":path"] ?? "";
    const given = new AbortController();
    call.once("close", () => given.abort());
    const owner = { plugin: "", envVar: "" };
    const tell = (code: number): void =>
      this.#onCall({ ...owner, method: shortName(method), code: codeOf(code) });
    let admitted: AdmittedCall;
    try {
      const { tokens } = this;
      admitted = await admitCall({ token, method }, { tokens, sessions: this.#sessions }, given.signal);
    } catch (thrown) {
      tell(answerStatus(call, RuntimeProviderError.from(thrown, method)));
      return;
    }
    Object.assign(owner, admitted.claims);
    if (call.destroyed || call.closed) {
      tell(status.CANCELLED);
      return;
    }
    tell(await forwardCall(call, headers, this.#services.to(admitted.path)));
  }
}

function caEnvironment({ tls, announceCa, directory }: OpenPublicListenerOptions): Record<string, string> {
  if (tls === undefined || announceCa === undefined) return {};
  if (announceCa === "pem") return { GESTALT_HOST_SERVICE_TLS_CA_PEM: tls.cert };
  const file = join(directory, "ca.pem");
  writeFileSync(file, tls.cert);
  return { GESTALT_HOST_SERVICE_TLS_CA_FILE: file };
}

function codeOf(code: number): "OK" | ErrorCode {
  return (status[code] ?? "UNKNOWN") as "OK" | ErrorCode;
}

/** `/gestalt.provider.v1.Cache/Get` as `Cache/Get`. */
function shortName(path: string): string {
  return path.replace(/^\/(?:[^/]*\.)?/, "");
}

function dialTargetOf(url: URL): string {
  const scheme = url.protocol === "https:" ? "tls" : "tcp";
  const port = url.port === "" ? (scheme === "tls" ? "443" : "80") : url.port;
  const target = `${scheme}://${url.hostname}:${port}`;
  parseDialTarget(target, "baseUrl");
  return target;
}
