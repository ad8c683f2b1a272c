/** Why a request was refused or failed. */
export type EgressReason = keyof typeof reasons;

/** A request that was refused, or that came to nothing. Holds no credentials, no path and no query. */
export interface EgressEvent {
  readonly reason: EgressReason;
  /** A sentence for operators, which the client has got too. */
  readonly message: string;
  /** What the client was answered with; a tunnel that was up already is cut instead. */
  readonly status: number;
  /** `CONNECT`, or the method of a request with an absolute URI. */
  readonly method: string;
  /** The host in its one spelling, where one was asked for. */
  readonly host?: string;
  readonly port?: number;
}

/** Status, and the error's name in the `Proxy-Status` field, by which clients tell the proxy's words from an origin's. */
const reasons = {
  /** Not a request that a proxy takes, or one that could be read in two ways. */
  malformed: { status: 400, error: "http_request_error" },
  /** No credentials, or not this session's. */
  credentials: { status: 407, error: "http_request_denied" },
  /** The policy does not allow the host. */
  "not-allowed": { status: 403, error: "http_request_denied" },
  /** The host is, or leads to, an address that no guest may reach. */
  address: { status: 403, error: "destination_ip_prohibited" },
  /** Not one of the allowed ports. */
  port: { status: 403, error: "http_request_denied" },
  /** A tunnel without TLS, or for another server than was asked for. */
  "server-name": { status: 403, error: "http_request_denied" },
  /** The request leads back to the proxy. */
  loop: { status: 403, error: "proxy_loop_detected" },
  /** The proxy before this one has refused it. */
  upstream: { status: 403, error: "http_request_denied" },
  /** Too many at a time, or too much. */
  limit: { status: 503, error: "connection_limit_reached" },
  "unknown-host": { status: 502, error: "dns_error" },
  "resolver-failed": { status: 504, error: "dns_timeout" },
  unreachable: { status: 502, error: "connection_refused" },
  timeout: { status: 504, error: "connection_timeout" },
  /** The proxy before this one can't be used. */
  "upstream-failed": { status: 502, error: "proxy_internal_response" },
  /** The origin broke off, or its answer can't be passed on. */
  "bad-answer": { status: 502, error: "http_protocol_error" },
} as const;

const failures: ReadonlySet<EgressReason> = new Set<EgressReason>([
  "unknown-host",
  "resolver-failed",
  "unreachable",
  "timeout",
  "upstream-failed",
  "bad-answer",
]);

/** Ends a request that can't be served; the message goes to the client. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  constructor(
    readonly reason: EgressReason,
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = options.status ?? reasons[reason].status;
  }

  /** Whether it was allowed and came to nothing. */
  get isFailure(): boolean {
    return failures.has(this.reason);
  }

  /** The answer's headers, for its body: the message and a line's end. */
  headers(): string[] {
    return [
      "Content-Type",
      "text/plain; charset=utf-8",
      "Content-Length",
      String(Buffer.byteLength(this.body)),
      "Proxy-Status",
      `gestalt-egress; error=${reasons[this.reason].error}`,
      ...(this.status === 407 ? ["Proxy-Authenticate", 'Basic realm="gestalt-egress"'] : []),
    ];
  }

  get body(): string {
    return `${this.message}\n`;
  }
}
