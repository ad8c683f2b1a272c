import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { LogClock } from "./clock.js";
import { PullPosition, type PulledStream } from "./pull-position.js";
import { PullSink, type LogPullSink, type SinkLimits, type SinkTarget } from "./pull-sink.js";
import type { PullTimes } from "./pull-options.js";

/**
 * Fetches a log: brings to `sink` what comes after `cursor` (undefined: from the beginning), each stream's bytes in
 * the same order whenever they are asked for. It may follow the log or return what there is; resolving means
 * that there is no more for now. It should stop when `signal` aborts, and is left behind if it does not.
 */
export type LogPullRead = (
  cursor: string | undefined,
  sink: LogPullSink,
  signal: AbortSignal,
) => Promise<void>;

/** The log that a pull feeds. */
export interface PullTarget extends SinkTarget {
  runtime(message: string): void;
  /** No read is under way: a line that has not ended is no sign that somebody waits to see it. */
  suspend(stream: PulledStream): void;
  resume(stream: PulledStream): void;
  /** The source has no more of the line for now. */
  flushPartialLine(stream: PulledStream): void;
}

type Outcome = "resolved" | "rejected" | "cut";

/** One pull: reads again and again, each time from where the last read got to, until it is told to end. */
export class LogPull {
  readonly #position = new PullPosition();
  #state: "reading" | "ending" | "over" = "reading";
  /** Ends the read or the pause that is under way. */
  #cut: (() => void) | undefined;
  #faults = 0;
  #saidGap = false;
  #pauseMs: number;

  constructor(
    readonly read: LogPullRead,
    readonly times: PullTimes,
    readonly target: PullTarget,
    readonly sinkLimits: SinkLimits,
    readonly clock: LogClock,
  ) {
    this.#pauseMs = times.firstMs;
  }

  /** The streams that it has brought anything of. */
  get streams(): Iterable<PulledStream> {
    return this.#position.streams;
  }

  /** The plugin writes no more: one last read follows. */
  finish(): void {
    if (this.#state !== "reading") return;
    this.#state = "ending";
    this.#cut?.();
  }

  /** Nobody takes any more. */
  stop(): void {
    this.#state = "over";
    this.#cut?.();
  }

  /** Resolves when it has ended. Never rejects. */
  async run(): Promise<void> {
    while (this.#is("reading")) {
      const before = this.#position.takenBytes;
      const outcome = await this.#readOnce();
      const brought = this.#position.takenBytes > before;
      if (outcome === "resolved" && !brought)
        for (const stream of this.#position.streams) this.target.flushPartialLine(stream);
      this.#pauseMs = brought ? this.times.firstMs : Math.min(2 * this.#pauseMs, this.times.maxMs);
      if (this.#is("reading")) await this.#pause(this.#pauseMs);
    }
    if (this.#is("ending")) await this.#readLast();
  }

  /** The last lines: tried until a read has resolved, within one bound. */
  async #readLast(): Promise<void> {
    const bound = this.clock.setTimeout(() => this.stop(), this.times.lastReadMs);
    while (this.#is("ending") && (await this.#readOnce()) !== "resolved")
      if (this.#is("ending")) await this.#pause(this.times.firstMs);
    bound.cancel();
  }

  async #readOnce(): Promise<Outcome> {
    this.#position.rewind();
    for (const stream of this.#position.streams) this.target.resume(stream);
    const { outcome, reason } = await this.#attempt();
    for (const stream of this.#position.streams) this.target.suspend(stream);
    if (outcome === "rejected") this.#reportFault(reason);
    if (outcome === "resolved") {
      this.#faults = 0;
      this.#reportGaps();
    }
    return outcome;
  }

  #attempt(): Promise<{ outcome: Outcome; reason?: unknown }> {
    return new Promise((resolve) => {
      const abort = new AbortController();
      let settled = false;
      const settle = (outcome: Outcome, reason?: unknown): void => {
        if (settled) return;
        settled = true;
        this.#cut = undefined;
        silence.cancel();
        const over = new RuntimeProviderError("CANCELLED", "pull: this read is over");
        sink.close(over);
        abort.abort(over);
        resolve({ outcome, reason });
      };
      const sink = new PullSink(this.target, this.#position, this.sinkLimits, (reason) =>
        settle("rejected", reason),
      );
      this.#cut = () => settle("cut");
      const silence = this.#watchSilence(sink, () => settle("cut"));
      void (async () => {
        try {
          await this.read(this.#position.cursor, sink, abort.signal);
          await sink.settled();
          settle("resolved");
        } catch (thrown) {
          settle("rejected", thrown);
        }
      })();
    });
  }

  /** A connection that died without a word looks like a plugin that has nothing to say: asking again tells. */
  #watchSilence(sink: PullSink, onSilence: () => void): { cancel(): void } {
    const look = (before: number): { cancel(): void } =>
      this.clock.setTimeout(() => {
        if (sink.activity === before && !sink.isBusy) onSilence();
        else timer = look(sink.activity);
      }, this.times.silenceMs);
    let timer = look(sink.activity);
    return { cancel: () => timer.cancel() };
  }

  /** A quarter shorter by chance, so that a cloud's outage does not end with all sessions calling at once. */
  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#cut = undefined;
        timer.cancel();
        resolve();
      };
      const timer = this.clock.setTimeout(done, pauseMs * (1 - Math.random() / 4));
      this.#cut = done;
    });
  }

  /** Says it once, twice, and then ever more rarely. */
  #reportFault(thrown: unknown): void {
    this.#faults += 1;
    if ((this.#faults & (this.#faults - 1)) !== 0) return;
    const times = this.#faults === 1 ? "" : ` (${this.#faults} times in a row)`;
    this.target.runtime(
      `${RuntimeProviderError.from(thrown, "the plugin's log could not be read").message}${times}`,
    );
  }

  /** A source that forgets its beginning can't be read again from there: what is known by number is then wrong. */
  #reportGaps(): void {
    for (const stream of this.#position.streams) {
      const bytes = this.#position.missing(stream);
      if (bytes === 0 || this.#saidGap) continue;
      this.#saidGap = true;
      this.target.runtime(
        `${stream} came ${bytes} bytes shorter than before; if its source drops old output, lines are missing from here on: each write needs a cursor`,
      );
    }
  }

  // A method, or the compiler would believe that the state stays as it was seen.
  #is(state: "reading" | "ending" | "over"): boolean {
    return this.#state === state;
  }
}
