import { AsyncLocalStorage } from "node:async_hooks";
import type { ServerUnaryCall } from "@grpc/grpc-js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { CallContext } from "../provider/context.js";
import type { Logger } from "../provider/logger.js";

/** The wire's side of a call, as far as a context needs it. */
export type WireCall = Pick<ServerUnaryCall<unknown, unknown>, "cancelled" | "getDeadline" | "once">;

/** One call in flight: the context that the author's code sees, and what the shell knows of it. */
export class ActiveCall implements CallContext {
  readonly startedAtMs = Date.now();
  #controller: AbortController | undefined;
  #answered = false;

  constructor(
    readonly method: string,
    readonly logger: Logger,
    private readonly wire: WireCall,
  ) {}

  get deadline(): Date | undefined {
    const deadline = this.wire.getDeadline();
    if (deadline instanceof Date) return deadline;
    return Number.isFinite(deadline) ? new Date(deadline) : undefined;
  }

  /** Made when first asked for: most calls are answered before anybody does. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.wire.cancelled) this.#abort();
      else this.wire.once("cancelled", () => this.#abort());
    }
    return this.#controller.signal;
  }

  /** From here on the signal stays quiet: grpc-js says "cancelled" after every call, answered ones too. */
  markAnswered(): void {
    this.#answered = true;
  }

  #abort(): void {
    if (this.#answered) return;
    const late = this.deadline !== undefined && this.deadline.getTime() <= Date.now();
    this.#controller?.abort(
      late
        ? new RuntimeProviderError("DEADLINE_EXCEEDED", `${this.method}: the host's deadline passed`)
        : new RuntimeProviderError("CANCELLED", `${this.method}: the host cancelled the call`),
    );
  }
}

/** The call to which the running code belongs, so that a fault of it can be told apart. */
export const currentCall = new AsyncLocalStorage<ActiveCall>();

/** All calls in flight, for the reports at shutdown. */
export class CallRegister {
  readonly #calls = new Set<ActiveCall>();

  begin(call: ActiveCall): void {
    this.#calls.add(call);
  }

  end(call: ActiveCall): void {
    call.markAnswered();
    this.#calls.delete(call);
  }

  /** Calls in flight, for example `StartPlugin (12.3 s)`. */
  describe(): string[] {
    return [...this.#calls].map(
      (call) => `${call.method} (${((Date.now() - call.startedAtMs) / 1000).toFixed(1)} s)`,
    );
  }
}
