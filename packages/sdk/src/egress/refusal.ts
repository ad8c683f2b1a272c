/**
 * Why a request was refused or failed.
 *
 * - `malformed`: not a request that a proxy takes, or one that could be read in two ways
 * - `credentials`: no credentials, or not this session's
 * - `not-allowed`: the policy does not allow the host
 * - `address`: the host is, or leads to, an address that no guest may reach
 * - `port`: not one of the allowed ports
 * - `server-name`: a tunnel without TLS, or for another server than was asked for
 * - `loop`: the request leads back to the proxy
 * - `upstream`: the proxy before this one has refused it
 * - `limit`: too many at a time, or too much
 * - `unknown-host`: no such name
 * - `resolver-failed`: the name could not be looked up
 * - `unreachable`: the origin refused the connection, or no way leads there
 * - `timeout`: nothing came in time
 * - `upstream-failed`: the proxy before this one can't be used
 * - `bad-answer`: the origin broke off, or its answer can't be passed on
 */
export type EgressReason =
  | "malformed"
  | "credentials"
  | "not-allowed"
  | "address"
  | "port"
  | "server-name"
  | "loop"
  | "upstream"
  | "limit"
  | "unknown-host"
  | "resolver-failed"
  | "unreachable"
  | "timeout"
  | "upstream-failed"
  | "bad-answer";

/** A request that was refused, or that came to nothing. Holds no credentials, no path and no query. */
export interface EgressEvent {
  /** For programs, as `message` is for people. */
  readonly reason: EgressReason;
  /** A sentence for operators, which the client has got too. */
  readonly message: string;
  /** What the client was answered with; a tunnel that was up already is cut instead. */
  readonly status: number;
  /** `CONNECT`, or the method of a request with an absolute URI. */
  readonly method: string;
  /** The host in its one spelling, where one was asked for. */
  readonly host?: string;
  /** The port, where a host was asked for. */
  readonly port?: number;
}

/** Status, and the error's name in the `Proxy-Status` field, by which clients tell the proxy's words from an origin's. */
const reasons: Readonly<Record<EgressReason, { readonly status: number; readonly error: string }>> = {
  malformed: { status: 400, error: "http_request_error" },
  credentials: { status: 407, error: "http_request_denied" },
  "not-allowed": { status: 403, error: "http_request_denied" },
  address: { status: 403, error: "destination_ip_prohibited" },
  port: { status: 403, error: "http_request_denied" },
  "server-name": { status: 403, error: "http_request_denied" },
  loop: { status: 403, error: "proxy_loop_detected" },
  upstream: { status: 403, error: "http_request_denied" },
  limit: { status: 503, error: "connection_limit_reached" },
  "unknown-host": { status: 502, error: "dns_error" },
  "resolver-failed": { status: 504, error: "dns_timeout" },
  unreachable: { status: 502, error: "connection_refused" },
  timeout: { status: 504, error: "connection_timeout" },
  "upstream-failed": { status: 502, error: "proxy_internal_response" },
  "bad-answer": { status: 502, error: "http_protocol_error" },
};

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
