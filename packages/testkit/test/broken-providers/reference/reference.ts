import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  RuntimeProviderError,
  hostSandbox,
  openInstanceDirectory,
  type InstanceDirectory,
} from "@gestalt-runtime/sdk";
import {
  PluginRuntimeEgressMode,
  PluginRuntimeHostServiceAccess,
  PluginRuntimeLogStream,
  ProviderKind,
  protocolVersion,
  type PluginRuntimeProvider,
  type PluginRuntimeSessionLifecycleSchema,
  type PluginRuntimeSessionSchema,
  type PreparePluginRuntimeWorkspaceRequest,
  type ProviderLifecycle,
  type UnaryHandlers,
} from "@gestalt-runtime/sdk/protocol";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Ended } from "@gestalt-runtime/sdk/processes";
import { LogPusher } from "./logs.js";
import { pluginEnvironment } from "./plugin-environment.js";
import { PluginProcess, type PluginStart } from "./plugin-process.js";
import { serveSocket, type Served } from "./serve.js";
import { WaysOut, type WayOut } from "./way-out.js";
import { Workspaces } from "./workspaces.js";

export interface Session {
  readonly id: string;
  readonly metadata: Record<string, string>;
  readonly startedAt: Date;
  /** Holds its sockets and the plugin's HOME and TMPDIR. */
  readonly directory: string;
  readonly bindings: Map<string, string>;
  state: string;
  reason: string;
  message: string;
  plugin: PluginProcess | undefined;
  /** Set where an egress policy is enforced. */
  wayOut: WayOut | undefined;
  /** Set when StartPlugin was called: there is only one (PLUG-6). */
  pluginAsked: boolean;
  stopped: boolean;
}

const streams = {
  stdout: PluginRuntimeLogStream.STDOUT,
  stderr: PluginRuntimeLogStream.STDERR,
  runtime: PluginRuntimeLogStream.RUNTIME,
} as const;

type Handlers = UnaryHandlers<typeof ProviderLifecycle> & UnaryHandlers<typeof PluginRuntimeProvider>;
/** Every call by its name, such as `startSession`. */
export type MethodName = keyof Handlers;
/** What a fault puts around a call: it may change the request, the answer, the time, or not call `next` at all. */
export type Around = (request: never, next: (request: never) => Promise<never>) => unknown;

type AnyHandler = (request: never, call: unknown) => Promise<unknown>;

/**
 * A runtime provider that keeps the contract, written on raw gRPC so that a fault can break any part of it. Faults
 * replace its functions or put something {@link around} a call before {@link run}.
 */
export class Reference {
  readonly sessions = new Map<string, Session>();
  readonly logs = new LogPusher();
  readonly waysOut = new WaysOut();
  configured = false;
  directory = "";
  served: Served | undefined;
  /** The host's sandbox, in which no plugin can be started (PROC-10). */
  sandbox = hostSandbox();
  #closeDirectory: () => Promise<void> = () => Promise.resolve();
  readonly #around = new Map<MethodName, Around[]>();

  // What faults replace.

  hostServiceAccess = PluginRuntimeHostServiceAccess.DIRECT;
  /** The whole start: serve, then wait. */
  run = async (): Promise<void> => {
    const path = process.env.GESTALT_PLUGIN_SOCKET;
    if (path === undefined || path === "") {
      process.stderr.write("GESTALT_PLUGIN_SOCKET is not set: this program is started by gestaltd\n");
      process.exit(1);
    }
    // Sockets lie below it: a long TMPDIR leaves no room for their names (DIAL-2).
    const base = Buffer.byteLength(tmpdir()) > 60 ? "/tmp" : tmpdir();
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void this.end());
    this.watchParent();
    if (this.sandbox !== undefined) process.stderr.write(`${this.sandbox.cannotHost}\n`);
    const { path: directory, close } = await this.openDirectory(join(base, "ref"));
    this.directory = directory;
    this.#closeDirectory = close;
    this.served = await this.serve(path);
  };
  /** A directory for all that this instance owns; what dead ones left beside it is removed (REC-2). */
  openDirectory = (root: string): Promise<Pick<InstanceDirectory, "path" | "close">> =>
    openInstanceDirectory({ root, removeRoot: true });
  serve = (path: string): Promise<Served> => serveSocket(path, this.handlers());
  watchParent = (): void => {
    const parent = Number(process.env.GESTALT_PLUGIN_PARENT_PID);
    setInterval(() => {
      if (process.ppid !== parent) this.parentIsGone();
    }, 250).unref();
  };
  /** What the host's death does (PROC-7). */
  parentIsGone = (): void => void this.end();
  /** What SIGTERM does. */
  end = async (): Promise<void> => {
    const drained = this.served?.drain();
    await Promise.all([...this.sessions.values()].map((session) => this.stopSession(session)));
    await drained;
    // It may be there already while the start is still under way.
    rmSync(this.served?.path ?? process.env.GESTALT_PLUGIN_SOCKET ?? "", { force: true });
    await this.#closeDirectory();
    process.exit(0);
  };
  readonly workspaces = new Workspaces();
  /** Only where it has workspaces (WORK-1). */
  prepareWorkspace:
    | ((
        request: PreparePluginRuntimeWorkspaceRequest,
        signal: AbortSignal,
      ) => Promise<{ root: string; cwd: string }>)
    | undefined;
  newSessionId = (): string => `ref-${randomUUID()}`;
  pluginEnvironment = pluginEnvironment;
  startPlugin = (start: PluginStart): Promise<PluginProcess> => PluginProcess.start(start);
  endPlugin = (plugin: PluginProcess): Promise<void> => plugin.stop();
  removeDirectory = (session: Session): Promise<void> =>
    rm(session.directory, { recursive: true, force: true });
  stopSession = async (session: Session): Promise<void> => {
    session.stopped = true;
    if (session.plugin !== undefined) await this.endPlugin(session.plugin);
    await session.wayOut?.close();
    await this.removeDirectory(session);
    await this.logs.flush(session.id);
    this.logs.forget(session.id);
    this.sessions.delete(session.id);
  };
  /** A session's times (SESS-9). */
  timesOf = ({ startedAt }: Session): MessageInitShape<typeof PluginRuntimeSessionLifecycleSchema> => ({
    startedAt: timestampFromDate(startedAt),
  });
  /** GetSession's answer. */
  answerOf = (session: Session): MessageInitShape<typeof PluginRuntimeSessionSchema> => ({
    id: session.id,
    state: session.state,
    metadata: session.metadata,
    stateReason: session.reason,
    stateMessage: session.message,
    lifecycle: this.timesOf(session),
  });
  /** Ends what a plugin left behind that has ended by itself (SESS-12). */
  endLeftovers = (session: Session): void => {
    if (session.plugin !== undefined) void this.endPlugin(session.plugin);
  };
  /** Whether StartSession's call has ended without an answer (SESS-13). */
  startWasCancelled = (call: { readonly cancelled: boolean }): boolean => call.cancelled;
  /** Whether a session was stopped while its plugin was starting (SESS-11). */
  stoppedMeanwhile = (session: Session): boolean => session.stopped;
  /** A line for the session's log. */
  say = ({ id }: Session, stream: keyof typeof streams, message: string): void =>
    this.logs.push(id, { stream: streams[stream], message, observedAt: new Date() });
  /** Called when a plugin ends by itself. */
  onPluginEnd = (session: Session, end: Ended): void => {
    if (session.stopped) return;
    this.endLeftovers(session);
    if (session.state === "failed") return;
    session.state = end.how === "exit" && end.code === 0 ? "stopped" : "failed";
    session.reason = "exited";
    session.message =
      end.how === "exit"
        ? `the plugin exited with code ${end.code}`
        : `the plugin was ended by ${end.signal}`;
  };

  /** Puts something around a call; the last one added is the outermost. */
  around<M extends MethodName>(
    method: M,
    wrap: (
      request: Parameters<NonNullable<Handlers[M]>>[0],
      next: (
        request: Parameters<NonNullable<Handlers[M]>>[0],
      ) => Promise<Awaited<ReturnType<NonNullable<Handlers[M]>>>>,
    ) => ReturnType<NonNullable<Handlers[M]>>,
  ): void {
    this.#around.set(method, [...(this.#around.get(method) ?? []), wrap as unknown as Around]);
  }

  found(id: string): Session {
    if (id === "") throw new RuntimeProviderError("INVALID_ARGUMENT", "session_id is empty");
    const session = this.sessions.get(id);
    if (session === undefined) throw new RuntimeProviderError("NOT_FOUND", `there is no session ${id}`);
    return session;
  }

  handlers(): Handlers {
    const plain = this.#plain();
    const wrapped: Record<string, unknown> = {};
    for (const [name, handler] of Object.entries(plain)) {
      const layers = this.#around.get(name as MethodName) ?? [];
      wrapped[name] = layers.reduce<AnyHandler>(
        (inner, layer) => (request, call) =>
          Promise.resolve(layer(request, (changed) => inner(changed, call) as Promise<never>)),
        (request, call) => Promise.resolve().then(() => (handler as AnyHandler)(request, call)),
      );
    }
    return wrapped;
  }

  #mustBeConfigured(): void {
    if (!this.configured)
      throw new RuntimeProviderError("FAILED_PRECONDITION", "the provider is not configured yet");
  }

  #plain(): Required<Handlers> {
    const configured = (): void => this.#mustBeConfigured();
    return {
      getProviderIdentity: () => ({
        kind: ProviderKind.RUNTIME,
        name: "reference",
        version: "1.0.0",
        minProtocolVersion: protocolVersion,
        maxProtocolVersion: protocolVersion,
        warnings: this.sandbox === undefined ? [] : [this.sandbox.cannotHost],
      }),
      configureProvider: ({ protocolVersion: version, config = {} }) => {
        if (version !== protocolVersion)
          throw new RuntimeProviderError(
            "FAILED_PRECONDITION",
            `protocol_version is ${version}; this provider speaks ${protocolVersion}`,
          );
        if (this.configured)
          throw new RuntimeProviderError("FAILED_PRECONDITION", "the provider is configured already");
        const wrong = Object.keys(config).filter((key) => key !== "region");
        if ("region" in config && typeof config.region !== "string") wrong.push("region");
        if (wrong.length > 0)
          throw new RuntimeProviderError(
            "INVALID_ARGUMENT",
            `the config is wrong at ${wrong.map((key) => `/${key}`).join(", ")}`,
          );
        this.configured = true;
        return { protocolVersion };
      },
      healthCheck: () =>
        this.configured ? { ready: true } : { ready: false, message: "it is not configured yet" },
      startProvider: () => ({ protocolVersion }),
      getSupport: () => {
        configured();
        return {
          canHostPlugins: this.sandbox === undefined,
          hostServiceAccess: this.hostServiceAccess,
          egressMode: PluginRuntimeEgressMode.HOSTNAME,
        };
      },
      startSession: async ({ metadata }, call) => {
        configured();
        const directory = await mkdtemp(join(this.directory, "s-"));
        const session: Session = {
          id: this.newSessionId(),
          metadata,
          startedAt: new Date(),
          directory,
          bindings: new Map(),
          state: "ready",
          reason: "",
          message: "",
          plugin: undefined,
          wayOut: undefined,
          pluginAsked: false,
          stopped: false,
        };
        this.sessions.set(session.id, session);
        // No listener beyond this: a call that was answered may be "cancelled" too.
        if (this.startWasCancelled(call)) {
          await this.stopSession(session);
          throw new RuntimeProviderError("CANCELLED", "StartSession was cancelled");
        }
        return this.answerOf(session);
      },
      getSession: ({ sessionId }) => {
        configured();
        const session = this.found(sessionId);
        this.logs.known(session.id);
        return this.answerOf(session);
      },
      listSessions: () => {
        configured();
        const live = [...this.sessions.values()].filter(({ state }) => state !== "stopped");
        live.sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
        return { sessions: live.map((session) => this.answerOf(session)) };
      },
      stopSession: async ({ sessionId }) => {
        configured();
        if (sessionId === "") throw new RuntimeProviderError("INVALID_ARGUMENT", "session_id is empty");
        const session = this.sessions.get(sessionId);
        if (session !== undefined) await this.stopSession(session);
        return {};
      },
      bindHostService: ({ sessionId, envVar, relay }) => {
        configured();
        const session = this.found(sessionId);
        this.logs.known(session.id);
        if (envVar === "") throw new RuntimeProviderError("INVALID_ARGUMENT", "env_var is empty");
        if (relay === undefined || relay.dialTarget === "")
          throw new RuntimeProviderError("INVALID_ARGUMENT", "relay.dial_target is missing");
        if (!/^(unix:\/\/\/|tcp:\/\/|tls:\/\/)./.test(relay.dialTarget))
          throw new RuntimeProviderError(
            "INVALID_ARGUMENT",
            `relay.dial_target ${relay.dialTarget} has an unknown scheme`,
          );
        if (session.pluginAsked)
          throw new RuntimeProviderError("FAILED_PRECONDITION", "the plugin has been started already");
        session.bindings.set(envVar, relay.dialTarget);
        return { id: `b-${randomUUID()}`, sessionId, envVar, relay };
      },
      prepareWorkspace: async (request, call) => {
        configured();
        if (this.prepareWorkspace === undefined)
          throw new RuntimeProviderError("UNIMPLEMENTED", "this provider has no workspaces");
        const abort = new AbortController();
        call.on("cancelled", () => abort.abort());
        return { workspace: await this.prepareWorkspace(request, abort.signal) };
      },
      removeWorkspace: ({ sessionId, agentSessionId }) => {
        configured();
        const session = this.sessions.get(sessionId);
        if (session !== undefined) this.workspaces.remove(this.workspaces.rootOf(session, agentSessionId));
        return {};
      },
      startPlugin: async (request, call) => {
        configured();
        const session = this.found(request.sessionId);
        this.logs.known(session.id);
        if (request.command === "") throw new RuntimeProviderError("INVALID_ARGUMENT", "command is empty");
        if (session.pluginAsked || session.stopped)
          throw new RuntimeProviderError("FAILED_PRECONDITION", "the session has had its plugin");
        session.pluginAsked = true;
        const abort = new AbortController();
        call.on("cancelled", () => abort.abort());
        const socketPath = join(session.directory, "p.sock");
        try {
          session.plugin = await this.startPlugin({
            ...(await this.waysOut.startOf(
              session,
              request,
              this.pluginEnvironment(session, request, socketPath),
            )),
            cwd: process.cwd(),
            socketPath,
            signal: abort.signal,
            onStarted: (plugin) => (session.plugin = plugin),
            onLine: (stream, line) => this.say(session, stream, line),
            onEnd: (end) => this.onPluginEnd(session, end),
          });
        } catch (error) {
          const { message } = RuntimeProviderError.from(error, "StartPlugin");
          Object.assign(session, { state: "failed", reason: "start-failed", message });
          this.say(session, "runtime", message);
          await this.logs.flush(session.id);
          throw error;
        }
        if (this.stoppedMeanwhile(session)) {
          await this.endPlugin(session.plugin);
          throw new RuntimeProviderError("FAILED_PRECONDITION", "the session was stopped");
        }
        session.state = "running";
        return {
          id: `p-${randomUUID()}`,
          sessionId: session.id,
          pluginName: request.pluginName,
          dialTarget: `unix://${socketPath}`,
        };
      },
    };
  }
}
