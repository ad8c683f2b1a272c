import { Agent, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";
import type { Route } from "./admission.js";
import { dial, secure } from "./dial.js";
import type { ResolvedLimits } from "./proxy-options.js";
import { Refusal } from "./refusal.js";
import { formatAuthority, type RequestTarget } from "./request-target.js";
import { dialUpstream, tunnelThrough } from "./upstream-proxy.js";
import { within } from "./within.js";

/** Connections to origins that wait for a further request, and for how long. */
const maxFreeSockets = 16;
const freeSocketTimeoutMs = 15_000;

/** What an agent's request carries beside Node.js's own options. */
interface DialOptions {
  readonly poolKey: string;
  readonly open: () => Promise<Duplex>;
}

/** Makes the connections that the proxy needs, and knows all of them until they close. */
export class Outbound {
  readonly #pool = new OriginAgent({ keepAlive: true, maxFreeSockets, timeout: freeSocketTimeoutMs });
  readonly #single = new OriginAgent({ keepAlive: false });
  readonly #streams = new Set<Duplex>();
  readonly #limits: ResolvedLimits;
  readonly #ca: string | undefined;

  constructor(limits: ResolvedLimits, ca: string | undefined) {
    this.#limits = limits;
    this.#ca = ca;
  }

  /** A stream for a tunnel to the target. */
  tunnel(route: Route, target: RequestTarget, signal: AbortSignal): Promise<Duplex> {
    return this.#connect(target, signal, (cancel) => this.#reach(route, target, cancel));
  }

  /**
   * What makes `http.request` reach the target. A connection is used again only for what was checked to lead to the
   * same addresses.
   */
  requestOptions(
    route: Route,
    target: RequestTarget,
    reuse: boolean,
    signal: AbortSignal,
  ): ClientRequestArgs & DialOptions {
    const { host, port, scheme } = target;
    const hop = route.via === "direct" ? route.addresses.join() : "upstream";
    // Plain requests to one proxy may share a connection, whatever they are for.
    const end = route.via === "upstream" && scheme === "http" ? "" : `${scheme} ${host} ${port}`;
    return {
      agent: reuse ? this.#pool : this.#single,
      host,
      port,
      poolKey: `${hop} ${end}`,
      open: async () => {
        const stream = await this.#connect(target, signal, (cancel) =>
          this.#openForRequest(route, target, cancel),
        );
        // An origin that has ended its half while the connection waits takes no further request.
        stream.allowHalfOpen = false;
        return stream;
      },
    };
  }

  destroy(): void {
    this.#pool.destroy();
    this.#single.destroy();
    for (const stream of this.#streams) stream.destroy();
  }

  async #openForRequest(route: Route, target: RequestTarget, signal: AbortSignal): Promise<Duplex> {
    if (target.scheme === "http" && route.via === "upstream") return dialUpstream(route.upstream, signal);
    const stream = await this.#reach(route, target, signal);
    return target.scheme === "https" ? secure(stream, target.host, this.#ca, signal) : stream;
  }

  #reach(route: Route, { host, port }: RequestTarget, signal: AbortSignal): Promise<Duplex> {
    return route.via === "direct"
      ? dial({ host, port, addresses: route.addresses }, signal)
      : tunnelThrough(route.upstream, formatAuthority(host, port), signal);
  }

  async #connect(
    { host, port }: RequestTarget,
    signal: AbortSignal,
    open: (cancel: AbortSignal) => Promise<Duplex>,
  ): Promise<Duplex> {
    const timeoutMs = this.#limits.connectTimeoutMs;
    const late = (): Refusal =>
      new Refusal("timeout", `${host}, port ${port}, was not reached within ${timeoutMs} ms`);
    const cancel = new AbortController();
    try {
      const stream = await within(open(cancel.signal), timeoutMs, late, signal, (lost) => lost.destroy());
      this.#streams.add(stream);
      stream.once("close", () => this.#streams.delete(stream));
      return stream;
    } catch (error) {
      cancel.abort(error);
      throw error;
    }
  }
}

class OriginAgent extends Agent {
  override createConnection(
    options: ClientRequestArgs & Partial<DialOptions>,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const done = callback as (error: Error | null, stream?: Duplex) => void;
    options.open?.().then(
      (stream) => done(null, stream),
      (error: unknown) => done(error as Error),
    );
  }

  override getName(options?: ClientRequestArgs & Partial<DialOptions>): string {
    return options?.poolKey ?? "";
  }
}
