import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeProviderError, type ErrorCode } from "@gestalt-runtime/sdk";
import {
  PluginRuntimeLogHost,
  addUnaryService,
  type PluginRuntimeLogEntry,
} from "@gestalt-runtime/sdk/protocol";
import type { HostTraits } from "./host-version.js";
import type { LogStore } from "./log-store.js";
import { serveOnSocket } from "./socket-server.js";
import type { HostLimits, HostTimes } from "./times.js";
import type { HostTrace } from "./trace.js";

/** The env var under which a provider finds the log host. */
export const logSocketVariable = "GESTALT_RUNTIME_LOG_SOCKET";

/** What one AppendLogs call brought (LOGS-1). */
export interface LogBatch {
  /** The session as the provider named it. */
  readonly sessionId: string;
  /** As they came, empty ones too. */
  readonly records: readonly PluginRuntimeLogEntry[];
  /** Whether the log host took them; otherwise the call was answered with an error. */
  readonly taken: boolean;
}

/** The log host of one provider process (LOGS), with the faults that tests need. */
export interface LogHost {
  /** Its Unix socket. */
  readonly path: string;
  /** From now on calls are taken and not answered, until {@link LogHost.thaw}. */
  freeze(): void;
  /** Answers what was held back, and everything after it, as if nothing had been. */
  thaw(): void;
  /** From now on every call waits for so many milliseconds before anything is done with it; 0: no more. */
  slow(ms: number): void;
  /** From now on every call is answered with this error and nothing is kept; `undefined`: no more. */
  fail(code: ErrorCode | undefined): void;
  /** Tells of every call from now on, once it is decided. @returns what ends that */
  watch(listener: (batch: LogBatch) => void): () => void;
  /** Ends it for good, as the host does before SIGTERM (LOGS-6). */
  close(): Promise<void>;
}

export interface LogHostOptions {
  readonly path: string;
  readonly providerName: string;
  readonly instance: number;
  readonly store: LogStore;
  readonly trace: HostTrace;
  readonly traits: HostTraits;
  readonly times: HostTimes;
  readonly limits: HostLimits;
}

export async function serveLogHost(options: LogHostOptions): Promise<LogHost> {
  const { path, providerName, instance, store, trace } = options;
  const listeners = new Set<(batch: LogBatch) => void>();
  let gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  let slowMs = 0;
  let failure: ErrorCode | undefined;
  const thaw = (): void => {
    gate?.open();
    gate = undefined;
  };
  const append = (sessionId: string, records: readonly PluginRuntimeLogEntry[]): number => {
    if (failure !== undefined)
      throw new RuntimeProviderError(failure, "append logs: the log host was told to fail");
    const lastSeq = store.append(providerName, sessionId, records);
    if (lastSeq === undefined)
      throw new RuntimeProviderError(
        options.traits.unknownLogSession,
        "append logs: runtime session not found",
      );
    return lastSeq;
  };
  const server = await serveOnSocket(
    path,
    (grpc) =>
      addUnaryService(grpc, PluginRuntimeLogHost, {
        appendLogs: async ({ sessionId, logs: records }) => {
          await gate?.opened;
          if (slowMs > 0) await sleep(slowMs);
          const messages = records.map((entry) => entry.message);
          const tell = (taken: boolean): void => {
            for (const listener of listeners) listener({ sessionId, records, taken });
          };
          try {
            const lastSeq = append(sessionId, records);
            trace.note(providerName, instance, { type: "log-appended", sessionId, lastSeq, messages });
            tell(true);
            return { lastSeq: BigInt(lastSeq) };
          } catch (error) {
            const { message } = RuntimeProviderError.from(error, "append logs");
            trace.note(providerName, instance, { type: "log-refused", sessionId, error: message, messages });
            tell(false);
            throw error;
          }
        },
      }),
    options.times,
    options.limits,
  );
  return {
    path,
    freeze: () => (gate ??= newGate()),
    thaw,
    slow: (ms) => (slowMs = ms),
    fail: (code) => (failure = code),
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      thaw();
      await server.close();
    },
  };
}

function newGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
