import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import {
  PluginRuntimeLogHost,
  openChannel,
  PluginRuntimeLogStream,
  type PluginRuntimeLogEntrySchema,
} from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";

export interface Line {
  readonly stream: PluginRuntimeLogStream;
  readonly message: string;
  readonly observedAt: Date;
}

export type Entry = MessageInitShape<typeof PluginRuntimeLogEntrySchema> & { readonly sourceSeq: bigint };

/** What the host made of a call. */
export type Outcome = "taken" | "unknown session" | "failed";

export interface SessionLines {
  readonly id: string;
  lastSeq: bigint;
  /** The host has named it since it was started. */
  known: boolean;
  readonly waiting: Line[];
  waitingBytes: number;
  /** Lines that had to make room and that the log has not told of yet. */
  dropped: number;
  /** What was sent and not taken yet: it is sent again as it is. */
  batch: Entry[];
  /** Since when the host has said that it does not know it. */
  unknownSinceMs: number | undefined;
  /** Nothing more is sent of it. */
  over: boolean;
  pushing: Promise<void> | undefined;
}

const retryMs = 200;
const callMs = 2_000;

/** Pushes each session's lines in order, once the host knows the session (LOGS). */
export class LogPusher {
  readonly sessions = new Map<string, SessionLines>();
  readonly #client =
    process.env.GESTALT_RUNTIME_LOG_SOCKET === undefined
      ? undefined
      : openChannel(`unix:${process.env.GESTALT_RUNTIME_LOG_SOCKET}`, credentials.createInsecure()).client(
          PluginRuntimeLogHost,
        );

  // What faults replace.

  /** Of one session. */
  most = { lines: 4_000, bytes: 8 << 20 };
  /** Of one call. */
  mostOfCall = { lines: 500, bytes: 1 << 20 };
  /** How long a session is tried that the host does not know. */
  unknownMs = 1_500;
  flushMs = 1_000;
  push = (sessionId: string, line: Line): void => {
    if (this.#client === undefined) {
      this.withoutHost(sessionId, line);
      return;
    }
    const lines = this.of(sessionId);
    if (lines.over) return;
    for (const message of this.pieces(line.message)) {
      lines.waiting.push({ ...line, message });
      lines.waitingBytes += message.length;
    }
    while (lines.waiting.length > this.most.lines || lines.waitingBytes > this.most.bytes) {
      lines.waitingBytes -= lines.waiting.shift()?.message.length ?? 0;
      lines.dropped += 1;
    }
    this.wake(lines);
  };
  withoutHost = (sessionId: string, { message }: Line): void => {
    process.stderr.write(`${sessionId}: ${message}\n`);
  };
  /** A line as the messages that it is sent as. */
  pieces = (message: string): string[] =>
    message === "" ? ["\n"] : (message.match(/[^]{1,65535}(?:(?<![\ud800-\udbff])|[^])/g) ?? []);
  /** What a reader of the log is told of lines that had to make room. */
  announce = (dropped: number): Line[] => [
    {
      stream: PluginRuntimeLogStream.RUNTIME,
      message: `${dropped} lines were dropped`,
      observedAt: new Date(),
    },
  ];
  nextLines = (lines: SessionLines): Line[] => {
    const next = lines.dropped === 0 ? [] : this.announce(lines.dropped);
    lines.dropped = 0;
    let bytes = 0;
    for (let first = lines.waiting[0]; first !== undefined; first = lines.waiting[0]) {
      bytes += first.message.length * 3;
      if (next.length >= this.mostOfCall.lines || (bytes > this.mostOfCall.bytes && next.length > 0)) break;
      next.push(first);
      lines.waiting.shift();
      lines.waitingBytes -= first.message.length;
    }
    return next;
  };
  entry = (lines: SessionLines, { stream, message, observedAt }: Line): Entry => {
    lines.lastSeq += 1n;
    return { stream, message, observedAt: timestampFromDate(observedAt), sourceSeq: lines.lastSeq };
  };
  mayPush = (lines: SessionLines): boolean => lines.known;
  append = async (sessionId: string, logs: Entry[]): Promise<Outcome> => {
    try {
      await this.#client?.appendLogs({ sessionId, logs }, { timeoutMs: callMs });
      return "taken";
    } catch (error) {
      const { code, message } = RuntimeProviderError.from(error, "AppendLogs");
      return code === "NOT_FOUND" || message.endsWith("runtime session not found")
        ? "unknown session"
        : "failed";
    }
  };
  /** Whether a batch that was not taken is sent again. */
  triesAgain = (lines: SessionLines, outcome: Outcome): boolean => {
    if (outcome !== "unknown session") return true;
    lines.unknownSinceMs ??= performance.now();
    return performance.now() - lines.unknownSinceMs < this.unknownMs;
  };
  /** Resolves when all is sent, or after a while. */
  flush = async (sessionId: string): Promise<void> => {
    const lines = this.sessions.get(sessionId);
    if (lines === undefined) return;
    this.wake(lines);
    const limit = new AbortController();
    const late = delay(this.flushMs, undefined, { signal: limit.signal }).catch(() => undefined);
    await Promise.race([lines.pushing, late]);
    limit.abort();
  };
  /** No more is sent of a session. */
  forget = (sessionId: string): void => {
    const lines = this.sessions.get(sessionId);
    if (lines !== undefined) lines.over = true;
    this.sessions.delete(sessionId);
  };

  /** The host has named the session: it takes its records from now on. */
  known(sessionId: string): void {
    const lines = this.of(sessionId);
    lines.known = true;
    this.wake(lines);
  }

  of(sessionId: string): SessionLines {
    let lines = this.sessions.get(sessionId);
    if (lines === undefined) {
      lines = {
        id: sessionId,
        lastSeq: 0n,
        known: false,
        waiting: [],
        waitingBytes: 0,
        dropped: 0,
        batch: [],
        unknownSinceMs: undefined,
        over: false,
        pushing: undefined,
      };
      this.sessions.set(sessionId, lines);
    }
    return lines;
  }

  /** Pushes what waits, unless that is being done. */
  wake(lines: SessionLines): void {
    if (lines.pushing !== undefined || !this.mayPush(lines)) return;
    lines.pushing = this.#pushAll(lines);
  }

  async #pushAll(lines: SessionLines): Promise<void> {
    // What else comes now can share the call.
    await delay(5);
    while (!lines.over) {
      if (lines.batch.length === 0)
        lines.batch = this.nextLines(lines).map((line) => this.entry(lines, line));
      if (lines.batch.length === 0) break;
      const outcome = await this.append(lines.id, lines.batch);
      if (outcome === "taken") {
        lines.batch = [];
        lines.unknownSinceMs = undefined;
      } else if (this.triesAgain(lines, outcome)) await delay(retryMs);
      else {
        lines.over = true;
        lines.waiting.length = 0;
      }
    }
    lines.pushing = undefined;
  }
}
