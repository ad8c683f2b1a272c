import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { createLogForwarder } from "../../src/logs/index.js";
import type { CallContext } from "../../src/provider/context.js";
import type { PluginRuntimeProvider } from "../../src/provider/provider.js";
import type { HostedPlugin, Session, StartPluginRequest } from "../../src/provider/types.js";
import {
  createSessionRuntime,
  type Json,
  type SessionBackend,
  type SessionRuntimeOptions,
} from "../../src/sessions/index.js";

/** A runtime as a host uses it, with what it has logged. */
export interface RuntimeUnderTest {
  readonly provider: PluginRuntimeProvider;
  /** The sessions' logs. */
  readonly lines: string[];
  /** What the provider itself has said. */
  readonly said: string[];
  start(metadata?: Record<string, string>): Promise<Session>;
  get(id: string): Session | undefined;
  list(): Promise<string[]>;
  stop(id: string): Promise<void>;
  bind(id: string, envVar: string, relayTarget: string): Promise<void>;
  plugin(id: string, changes?: Partial<StartPluginRequest>): Promise<HostedPlugin>;
  close(): Promise<void>;
}

export function context(said: string[] = []): CallContext & { readonly name: string } {
  const say = (_: object, text: string): void => void said.push(text);
  const logger = { debug: say, info: say, warn: say, error: say };
  return { method: "test", name: "test", signal: new AbortController().signal, deadline: undefined, logger };
}

export async function openRuntime<H extends Json>(
  backend: SessionBackend<H>,
  options: SessionRuntimeOptions = {},
): Promise<RuntimeUnderTest> {
  const lines: string[] = [];
  const said: string[] = [];
  const provider = createSessionRuntime(() => backend, {
    limits: { startSessionWaitMs: 2_000, peersEveryMs: 50 },
    logs: createLogForwarder({ fallback: (line) => lines.push(line) }),
    ...options,
  });
  await provider.configure?.({}, context(said));
  return {
    provider,
    lines,
    said,
    start: async (metadata = { provider_name: "example" }) =>
      provider.startSession({ pluginName: "example", metadata }, context(said)),
    get: (id) => provider.getSession(id, context(said)) as Session | undefined,
    list: async () => ((await provider.listSessions?.(context(said))) ?? []).map(({ id }) => id),
    stop: async (id) => provider.stopSession(id, context(said)),
    bind: async (sessionId, envVar, relayTarget) => {
      await provider.bindHostService?.({ sessionId, envVar, relayTarget }, context(said));
    },
    plugin: async (sessionId, changes = {}) =>
      provider.startPlugin(
        {
          sessionId,
          pluginName: "example",
          command: "/bin/x",
          args: [],
          env: {},
          allowedHosts: [],
          defaultAction: "",
          hostBinary: "",
          ...changes,
        },
        context(said),
      ),
    close: async () => provider.close?.(),
  };
}

/** An HTTP/2 server, as a plugin is one. */
export interface TestServer {
  readonly server: Http2Server;
  readonly port: number;
  close(): Promise<void>;
}

export async function http2Server(
  listen: { path: string } | { port: number; host: string },
): Promise<TestServer> {
  const server = createServer();
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("hello");
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(listen, resolve));
  return {
    server,
    port: "path" in listen ? 0 : (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        server.close(() => resolve());
      }),
  };
}
