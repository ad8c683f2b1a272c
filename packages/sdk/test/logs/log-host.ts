import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { RuntimeProviderError } from "../../src/errors/runtime-provider-error.js";
import {
  PluginRuntimeLogHost,
  PluginRuntimeLogStream,
  type AppendPluginRuntimeLogsRequest,
} from "../../src/gen/gestalt/provider/v1/runtime_logs_pb.js";
import { addUnaryService } from "../../src/protocol/unary-service.js";

export interface StoredRecord {
  /** The host's own number. */
  readonly seq: number;
  readonly sourceSeq: number;
  readonly stream: "stdout" | "stderr" | "runtime" | "unspecified";
  readonly message: string;
  readonly observedAtMs: number;
}

export interface TestLogHost {
  readonly path: string;
  readonly target: string;
  /** Serves the same log on a TCP port too. Returns the port. */
  listen(credentials: ServerCredentials): Promise<number>;
  /** Every AppendLogs call: the session, its number of entries, the relay token. */
  readonly calls: { sessionId: string; entries: number; token: string | undefined }[];
  /** The highest number of calls that were under way together, in all and for one session. */
  readonly most: { inAll: number; perSession: number };
  /** What is done to a call before the host looks at it; throw to refuse, never resolve to freeze. */
  before: ((request: AppendPluginRuntimeLogsRequest) => Promise<void> | void) | undefined;
  /** What is done to a call that the host has taken, before it is answered; throw to lose the answer. */
  after: (() => Promise<void> | void) | undefined;
  /** How an unknown session is answered: as at the documented revision, or as from 04-30 (LOGS-2). */
  unknown: "INTERNAL" | "NOT_FOUND";
  register(...sessionIds: string[]): void;
  forget(sessionId: string): void;
  knows(sessionId: string): boolean;
  records(sessionId: string): readonly StoredRecord[];
  messages(sessionId: string): string[];
  /** Resolves once the session has so many records. */
  holds(sessionId: string, count: number): Promise<readonly StoredRecord[]>;
  /** Cuts all connections, and answers nobody until `open`. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

const names = {
  [PluginRuntimeLogStream.UNSPECIFIED]: "unspecified",
  [PluginRuntimeLogStream.STDOUT]: "stdout",
  [PluginRuntimeLogStream.STDERR]: "stderr",
  [PluginRuntimeLogStream.RUNTIME]: "runtime",
} as const;

/** A log host by the rules of LOGS-2, which can also misbehave. `keep` is 4,096 on the real one. */
export async function startLogHost({ keep = Infinity }: { keep?: number } = {}): Promise<
  TestLogHost & AsyncDisposable
> {
  const folder = await mkdtemp(join(tmpdir(), "log-host-"));
  const path = join(folder, "log.sock");
  const sessions = new Map<string, { last: number; records: StoredRecord[] }>();
  const waiting = new Set<() => void>();
  const underWay = new Map<string, number>();
  let server: Server | undefined;

  const host: TestLogHost = {
    path,
    target: `unix://${path}`,
    listen: (credentials) =>
      new Promise((resolve, reject) => {
        server?.bindAsync("127.0.0.1:0", credentials, (error, port) =>
          error === null ? resolve(port) : reject(error),
        );
      }),
    calls: [],
    most: { inAll: 0, perSession: 0 },
    before: undefined,
    after: undefined,
    unknown: "INTERNAL",
    register(...ids) {
      for (const id of ids) sessions.set(id, { last: 0, records: [] });
    },
    forget: (id) => void sessions.delete(id),
    knows: (id) => sessions.has(id),
    records: (id) => sessions.get(id)?.records ?? [],
    messages: (id) => (sessions.get(id)?.records ?? []).map((record) => record.message),
    holds: (id, count) =>
      new Promise((resolve) => {
        const look = (): void => {
          const { records = [] } = sessions.get(id) ?? {};
          if (records.length < count) return;
          waiting.delete(look);
          resolve(records);
        };
        waiting.add(look);
        look();
      }),
    shut: () => {
      server?.forceShutdown();
      server = undefined;
      return rm(path, { force: true });
    },
    async open() {
      await host.shut();
      // With channelz off, forceShutdown of grpc-js leaves the connections open.
      const opened = new Server({ "grpc.max_concurrent_streams": 100 });
      server = opened;
      addUnaryService(opened, PluginRuntimeLogHost, {
        appendLogs: async (request, call) => {
          const [token] = call.metadata.get("x-gestalt-host-service-relay-token");
          host.calls.push({
            sessionId: request.sessionId,
            entries: request.logs.length,
            token: token?.toString(),
          });
          const mine = (underWay.get(request.sessionId) ?? 0) + 1;
          underWay.set(request.sessionId, mine);
          const inAll = [...underWay.values()].reduce((sum, n) => sum + n, 0);
          host.most.inAll = Math.max(host.most.inAll, inAll);
          host.most.perSession = Math.max(host.most.perSession, mine);
          call.on("cancelled", () => undefined);
          try {
            await host.before?.(request);
            const lastSeq = BigInt(append(request));
            await host.after?.();
            return { lastSeq };
          } finally {
            underWay.set(request.sessionId, (underWay.get(request.sessionId) ?? 1) - 1);
          }
        },
      });
      await new Promise<void>((resolve, reject) => {
        opened.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
          error === null ? resolve() : reject(error),
        );
      });
    },
  };

  function append({ sessionId, logs }: AppendPluginRuntimeLogsRequest): number {
    const session = sessions.get(sessionId);
    if (session === undefined) {
      if (host.unknown === "NOT_FOUND") throw new RuntimeProviderError("NOT_FOUND", "no such session");
      throw new RuntimeProviderError(
        "INTERNAL",
        "append runtime session logs: append runtime session logs: runtime session not found",
      );
    }
    const kept = logs.filter((entry) => entry.message !== "");
    for (const entry of kept)
      session.records.push({
        seq: ++session.last,
        sourceSeq: Number(entry.sourceSeq),
        stream: names[entry.stream],
        message: entry.message,
        observedAtMs: Number(entry.observedAt?.seconds ?? 0n) * 1000 + (entry.observedAt?.nanos ?? 0) / 1e6,
      });
    session.records.splice(0, Math.max(0, session.records.length - keep));
    for (const look of waiting) look();
    return kept.length === 0 ? 0 : session.last;
  }

  await host.open();
  return Object.assign(host, {
    async [Symbol.asyncDispose]() {
      await host.shut();
      await rm(folder, { recursive: true });
    },
  });
}

export const frozen = (): Promise<void> => new Promise(() => undefined);

/** Accepts connections and never says a word, as a host that was stopped by SIGSTOP does. */
export async function startFrozenHost(): Promise<{ target: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "frozen-log-host-"));
  const path = join(folder, "log.sock");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    target: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}
