import type { ServerUnaryCall } from "@grpc/grpc-js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { CallContext } from "../provider/context.js";
import type { Logger } from "../provider/logger.js";

/** The wire's side of a call, as far as a context needs it. */
export type WireCall = Pick<ServerUnaryCall<unknown, unknown>, "cancelled" | "getDeadline" | "once"> &
  Partial<Pick<ServerUnaryCall<unknown, unknown>, "metadata" | "getPath">>;

/** A cancellation this close to the deadline is the deadline's. */
const deadlineSlackMs = 20;

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

  /** Made when first asked for: most calls are answered before anybody asks. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.wire.cancelled) this.#cancelled();
      else this.wire.once("cancelled", () => this.#cancelled());
    }
    return this.#controller.signal;
  }

  /** For a middleware: the service's full name, out of `/service/method`. */
  get service(): string {
    return this.wire.getPath?.().split("/")[1] ?? "";
  }

  /** For a middleware: the text under a key, in any case of letters. */
  metadata(key: string): string | undefined {
    const [value] = this.wire.metadata?.get(key) ?? [];
    return typeof value === "string" ? value : undefined;
  }

  /** From here on the signal stays quiet: grpc-js says "cancelled" after every call, answered ones too. */
  markAnswered(): void {
    this.#answered = true;
  }

  /** Aborts the signal of a call that is not answered yet: the provider is forced to end. */
  cutOff(): void {
    this.#abort(new RuntimeProviderError("CANCELLED", `${this.method}: the provider is ending`));
  }

  /** For example `StartPlugin (12.3 s)`. */
  describe(): string {
    return `${this.method} (${((Date.now() - this.startedAtMs) / 1000).toFixed(1)} s)`;
  }

  #cancelled(): void {
    // The host's own cancellation at the deadline may overtake the clock here.
    const late = this.deadline !== undefined && this.deadline.getTime() - Date.now() <= deadlineSlackMs;
    this.#abort(
      late
        ? new RuntimeProviderError("DEADLINE_EXCEEDED", `${this.method}: the host's deadline passed`)
        : new RuntimeProviderError("CANCELLED", `${this.method}: the host cancelled the call`),
    );
  }

  #abort(reason: RuntimeProviderError): void {
    if (!this.#answered) this.#controller?.abort(reason);
  }
}
