import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { PluginRuntimeLogHost, addUnaryService } from "@gestalt-runtime/sdk/protocol";
import type { HostTraits } from "./host-version.js";
import type { LogStore } from "./log-store.js";
import { serveOnSocket } from "./socket-server.js";
import type { HostLimits, HostTimes } from "./times.js";
import type { HostTrace } from "./trace.js";

/** The env var under which a provider finds the log host. */
export const logSocketVariable = "GESTALT_RUNTIME_LOG_SOCKET";

/** The log host of one provider process (LOGS), with the faults that tests need. */
export interface LogHost {
  /** Its Unix socket. */
  readonly path: string;
  /** From now on calls are taken and not answered, until {@link LogHost.thaw}. */
  freeze(): void;
  /** Answers what was held back, and everything after it, as if nothing had been. */
  thaw(): void;
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
  let gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  const thaw = (): void => {
    gate?.open();
    gate = undefined;
  };
  const server = await serveOnSocket(
    path,
    (grpc) =>
      addUnaryService(grpc, PluginRuntimeLogHost, {
        appendLogs: async ({ sessionId, logs }) => {
          await gate?.opened;
          const messages = logs.map((entry) => entry.message);
          const lastSeq = store.append(providerName, sessionId, logs);
          if (lastSeq === undefined) {
            const error = new RuntimeProviderError(
              options.traits.unknownLogSession,
              "append logs: runtime session not found",
            );
            trace.note(providerName, instance, {
              type: "log-refused",
              sessionId,
              error: error.message,
              messages,
            });
            throw error;
          }
          trace.note(providerName, instance, { type: "log-appended", sessionId, lastSeq, messages });
          return { lastSeq: BigInt(lastSeq) };
        },
      }),
    options.times,
    options.limits,
  );
  return {
    path,
    freeze: () => (gate ??= newGate()),
    thaw,
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
