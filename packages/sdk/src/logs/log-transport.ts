import { setMaxListeners } from "node:events";
import { credentials } from "@grpc/grpc-js";
import { formatDialTarget, type DialTarget } from "../dial-target/dial-target.js";
import { PluginRuntimeLogHost } from "../gen/gestalt/provider/v1/runtime_logs_pb.js";
import { openChannel, type ProtocolChannel, type UnaryClient } from "../protocol/unary-client.js";
import { AppendRequests } from "./append-request.js";
import { outcomeOfFailure, type AppendOutcome } from "./append-outcome.js";
import type { LogRecord } from "./log-record.js";

/** Carries batches to a log host. */
export interface LogTransport {
  /** Makes one AppendLogs call, which always ends within the transport's time. Never rejects. */
  append(sessionId: string, records: readonly LogRecord[]): Promise<AppendOutcome>;
  /** Ends the calls under way, and the connection. */
  close(): void;
}

export interface GrpcLogTransportOptions {
  readonly target: DialTarget;
  readonly token: string | undefined;
  readonly rootsPem: string | undefined;
  readonly callTimeoutMs: number;
  readonly maxCalls: number;
}

/** A transport over gRPC. It connects when there is something to send, not before. */
export function grpcLogTransport(options: GrpcLogTransportOptions): LogTransport {
  const metadata = options.token === undefined ? {} : { "x-gestalt-host-service-relay-token": options.token };
  const requests = new AppendRequests();
  const closing = new AbortController();
  setMaxListeners(options.maxCalls + 1, closing.signal);
  let channel: ProtocolChannel | undefined;
  let client: UnaryClient<typeof PluginRuntimeLogHost> | undefined;

  return {
    async append(sessionId, records) {
      try {
        channel ??= open(options);
        client ??= channel.client(PluginRuntimeLogHost);
        // Without a deadline a frozen host would hold the call, and the session's records, for ever.
        await client.appendLogs(requests.of(sessionId, records), {
          timeoutMs: options.callTimeoutMs,
          signal: closing.signal,
          metadata,
        });
        return { type: "delivered" };
      } catch (thrown) {
        return outcomeOfFailure(thrown);
      }
    },
    close() {
      closing.abort();
      channel?.close();
    },
  };
}

function open({ target, rootsPem }: GrpcLogTransportOptions): ProtocolChannel {
  const trusted =
    target.type === "tls"
      ? credentials.createSsl(rootsPem === undefined ? null : Buffer.from(rootsPem))
      : credentials.createInsecure();
  const address =
    target.type === "unix"
      ? `unix:${target.path}`
      : formatDialTarget(target).slice(`${target.type}://`.length);
  // grpc-js waits up to two minutes between attempts by default: a host that is back would not be noticed.
  return openChannel(address, trusted, {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
  });
}
