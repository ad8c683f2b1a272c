import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { cutOff } from "../bridge/cut-off.js";
import type { Admission } from "./admission.js";
import { refuse } from "./answer.js";
import type { Outbound } from "./outbound.js";
import type { ResolvedLimits } from "./proxy-options.js";
import { Refusal } from "./refusal.js";
import type { RequestTarget } from "./request-target.js";

/** What all requests of a proxy share. */
export interface ProxyParts {
  readonly admission: Admission;
  readonly outbound: Outbound;
  readonly limits: ResolvedLimits;
}

/** One request and what came of it. */
export interface Exchange extends ProxyParts {
  /** What it wants to reach, once that is known: for events. */
  target?: RequestTarget;
  /** Whether the connection has become a tunnel, in which the proxy can say nothing any more. */
  isTunnel?: boolean;
  /** Aborts when the client is gone, or the proxy closes. */
  readonly signal: AbortSignal;
}

/** The client's side of an exchange. */
export interface ExchangeClient {
  readonly request: IncomingMessage;
  /** Closes when the exchange is over, or the client has gone before that. */
  readonly end: ServerResponse | Socket;
  /** Made only where it is needed: a tunnel has none. */
  readonly response: () => ServerResponse;
}

/** The exchanges that are under way. */
export class Exchanges {
  readonly #parts: ProxyParts;
  readonly #report: (refusal: Refusal, request: IncomingMessage, exchange: Exchange) => void;
  readonly #underWay = new Map<AbortController, Promise<void>>();

  constructor(
    parts: ProxyParts,
    report: (refusal: Refusal, request: IncomingMessage, exchange: Exchange) => void,
  ) {
    this.#parts = parts;
    this.#report = report;
  }

  /** Serves one request; what is thrown becomes its answer, and an event. Never rejects. */
  run(client: ExchangeClient, serve: (exchange: Exchange) => Promise<void>): Promise<void> {
    const cancel = new AbortController();
    const end = this.#run(client, serve, cancel).finally(() => this.#underWay.delete(cancel));
    this.#underWay.set(cancel, end);
    return end;
  }

  /** Resolves when all that are under way now are over. */
  async over(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  cancelAll(reason: Error): void {
    for (const cancel of this.#underWay.keys()) cancel.abort(reason);
  }

  async #run(
    { request, end, response }: ExchangeClient,
    serve: (exchange: Exchange) => Promise<void>,
    cancel: AbortController,
  ): Promise<void> {
    const gone = (): void => cancel.abort(new Error("the client is gone"));
    end.once("close", gone);
    const exchange: Exchange = { ...this.#parts, signal: cancel.signal };
    try {
      await serve(exchange);
    } catch (error) {
      if (cancel.signal.aborted) return;
      const refusal = error instanceof Refusal ? error : unforeseen(error);
      if (exchange.isTunnel === true) cutOff(request.socket);
      else refuse(refusal, response());
      this.#report(refusal, request, exchange);
    } finally {
      end.off("close", gone);
    }
  }
}

/** Something that no code here throws on purpose: the client gets an answer all the same. */
function unforeseen(cause: unknown): Refusal {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new Refusal("bad-answer", `the request could not be served (${text})`, { cause });
}
