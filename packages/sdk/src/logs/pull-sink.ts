import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { ErrorCode } from "../errors/status.js";
import type { PulledStream, PullPosition } from "./pull-position.js";

/** Takes what one read of a {@link SessionLog.pull} brings. It is of no use after that read. */
export interface LogPullSink {
  /**
   * Takes bytes, cut anywhere, and resolves when there is room for more: await it, then a plugin waits for a slow
   * log host as `fullBuffer` says. The bytes must stay as they are until then.
   *
   * @param cursor where to go on after these bytes and all that were written before them, of both streams. It
   *   counts once they are taken. Bytes without a cursor are known by their number when they come again
   * @throws {@link RuntimeProviderError} CANCELLED once the read is over or cut off, RESOURCE_EXHAUSTED when writes
   *   pile up that nobody awaits, INVALID_ARGUMENT for a stream that is neither `"stdout"` nor `"stderr"`. None
   *   of these loses anything: the next read brings it again
   */
  write(stream: "stdout" | "stderr", bytes: Uint8Array, cursor?: string): Promise<void>;
}

/** Where a sink puts what it takes. */
export interface SinkTarget {
  write(stream: PulledStream, bytes: Uint8Array): boolean;
  drain(): Promise<void>;
}

export interface SinkLimits {
  readonly sliceBytes: number;
  /** Bytes that may wait behind a write that waits for room. */
  readonly waitingBytes: number;
}

/** The sink of one read: takes writes in the order of the calls, one at a time. */
export class PullSink implements LogPullSink {
  #closed: RuntimeProviderError | undefined;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingBytes = 0;
  #writes = 0;

  constructor(
    readonly target: SinkTarget,
    readonly position: PullPosition,
    readonly limits: SinkLimits,
    /** The read has misused the sink, and may never learn of it. */
    readonly onFault: (reason: RuntimeProviderError) => void,
  ) {}

  /** Changes with each write, and does not tell how many there were. */
  get activity(): number {
    return this.#writes;
  }

  /** True while a write waits for room. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  write(stream: PulledStream, bytes: Uint8Array, cursor?: string): Promise<void> {
    const taken = this.#enqueue(stream, bytes, cursor);
    // Whoever does not await this must not end the provider by it: the read is begun again.
    taken.catch(() => undefined);
    return taken;
  }

  /** Resolves when all writes up to now are taken, or refused. */
  settled(): Promise<void> {
    return this.#turn;
  }

  /** From now on nothing is taken, of waiting writes either. */
  close(reason: RuntimeProviderError): void {
    this.#closed ??= reason;
  }

  async #enqueue(stream: PulledStream, bytes: Uint8Array, cursor: string | undefined): Promise<void> {
    this.#writes += 1;
    this.#check(stream, bytes);
    const before = this.#turn;
    const waits = this.#waiting > 0;
    this.#waiting += 1;
    if (waits) this.#waitingBytes += bytes.length;
    const done = (async () => {
      if (waits) {
        await before;
        this.#waitingBytes -= bytes.length;
      }
      try {
        await this.#take(stream, bytes, cursor);
      } finally {
        this.#waiting -= 1;
        this.#writes += 1;
      }
    })();
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #take(stream: PulledStream, bytes: Uint8Array, cursor: string | undefined): Promise<void> {
    this.#throwIfClosed();
    const { sliceBytes } = this.limits;
    let room = true;
    for (let at = this.position.skip(stream, bytes.length); at < bytes.length; at += sliceBytes) {
      if (!room) {
        await this.target.drain();
        this.#throwIfClosed();
      }
      const slice = bytes.subarray(at, at + sliceBytes);
      room = this.target.write(stream, slice);
      this.position.take(stream, slice.length);
    }
    if (cursor !== undefined) this.position.mark(cursor);
    if (!room) await this.target.drain();
  }

  #check(stream: PulledStream, bytes: Uint8Array): void {
    this.#throwIfClosed();
    if (!pulledStreams.has(stream))
      this.#fault("INVALID_ARGUMENT", `the stream is ${JSON.stringify(stream)}; write "stdout" or "stderr"`);
    if (!(bytes instanceof Uint8Array))
      this.#fault("INVALID_ARGUMENT", "the bytes are no Uint8Array; write Buffer.from(text)");
    if (this.#waitingBytes > this.limits.waitingBytes)
      this.#fault(
        "RESOURCE_EXHAUSTED",
        `${this.#waitingBytes} bytes wait to be taken; await each write of the sink`,
      );
  }

  #fault(code: ErrorCode, text: string): never {
    const reason = new RuntimeProviderError(code, `pull: ${text}`);
    // What is called after this one must not overtake it.
    this.close(reason);
    this.onFault(reason);
    throw reason;
  }

  #throwIfClosed(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }
}

const pulledStreams: ReadonlySet<unknown> = new Set<PulledStream>(["stdout", "stderr"]);
