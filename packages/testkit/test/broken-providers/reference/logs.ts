import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  PluginRuntimeLogHost,
  openChannel,
  type PluginRuntimeLogStream,
} from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";

interface Line {
  readonly stream: PluginRuntimeLogStream;
  readonly message: string;
  readonly observedAt: ReturnType<typeof timestampFromDate>;
  readonly sourceSeq: bigint;
}

interface SessionLines {
  seq: bigint;
  known: boolean;
  waiting: Line[];
  sending: Promise<void>;
}

const maxWaiting = 1_000;

/** Pushes each session's lines in order, once the host knows the session (LOGS). */
export class LogPusher {
  readonly #sessions = new Map<string, SessionLines>();
  readonly #client =
    process.env.GESTALT_RUNTIME_LOG_SOCKET === undefined
      ? undefined
      : openChannel(`unix:${process.env.GESTALT_RUNTIME_LOG_SOCKET}`, credentials.createInsecure()).client(
          PluginRuntimeLogHost,
        );

  push(sessionId: string, stream: PluginRuntimeLogStream, message: string): void {
    if (this.#client === undefined) {
      process.stderr.write(`${sessionId}: ${message}\n`);
      return;
    }
    const lines = this.#of(sessionId);
    lines.seq += 1n;
    lines.waiting.push({
      stream,
      message: message === "" ? "\n" : message,
      observedAt: timestampFromDate(new Date()),
      sourceSeq: lines.seq,
    });
    if (lines.waiting.length > maxWaiting) lines.waiting.shift();
    this.#send(sessionId, lines);
  }

  /** The host has named the session: it takes its records from now on. */
  known(sessionId: string): void {
    const lines = this.#of(sessionId);
    if (lines.known) return;
    lines.known = true;
    this.#send(sessionId, lines);
  }

  /** Resolves when all is sent, or after a second; the session is forgotten. */
  async flush(sessionId: string): Promise<void> {
    const lines = this.#sessions.get(sessionId);
    if (lines === undefined) return;
    this.#send(sessionId, lines);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([lines.sending, new Promise((resolve) => (timer = setTimeout(resolve, 1_000)))]);
    clearTimeout(timer);
  }

  #of(sessionId: string): SessionLines {
    let lines = this.#sessions.get(sessionId);
    if (lines === undefined) {
      lines = { seq: 0n, known: false, waiting: [], sending: Promise.resolve() };
      this.#sessions.set(sessionId, lines);
    }
    return lines;
  }

  #send(sessionId: string, lines: SessionLines): void {
    if (!lines.known || lines.waiting.length === 0) return;
    lines.sending = lines.sending.then(async () => {
      const logs = lines.waiting.splice(0, 100);
      if (logs.length === 0) return;
      await this.#client?.appendLogs({ sessionId, logs }, { timeoutMs: 2_000 }).catch(() => undefined);
      this.#send(sessionId, lines);
    });
  }
}
