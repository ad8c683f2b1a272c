import { join } from "node:path";
import {
  PluginRuntimeProvider,
  ProviderLifecycle,
  type ProtocolChannel,
  type UnaryClient,
} from "@gestalt-runtime/sdk/protocol";
import type { JsonObject } from "@bufbuild/protobuf";
import { attachedHandshake, handshake, type Handshake } from "./handshake.js";
import { HostError } from "./host-error.js";
import { hostTraits, type HostTraits, type HostVersion } from "./host-version.js";
import { logSocketVariable, serveLogHost, type LogHost } from "./log-host.js";
import { LogStore } from "./log-store.js";
import { checkProviderSource, type EgressOptions, type ProviderSource } from "./options.js";
import { dialProvider } from "./provider-dial.js";
import { providerEnvironment } from "./provider-environment.js";
import { installSource } from "./provider-install.js";
import { ServedProvider } from "./provider-in-process.js";
import { openProviderSandbox } from "./provider-sandbox.js";
import { attachedLogSocket, freeLogSocket, waitForListener } from "./provider-attach.js";
import { ProviderProcess, type ProcessEnd, type ShutdownReport } from "./provider-process.js";
import { AttachedProgram, type ProviderProgram } from "./provider-program.js";
import { SessionCalls } from "./session-calls.js";
import { makeSocketDirectory, removeSocketDirectory } from "./socket-directory.js";
import { hostLimits, hostTimes, type HostLimits, type HostTimes } from "./times.js";
import { HostTrace } from "./trace.js";
import { tracedClient } from "./traced-client.js";
import type { InstalledProvider } from "../install/index.js";
import type { Sandbox, SandboxOptions } from "../sandbox/index.js";

/** How one provider is started by hand: {@link startProvider}. */
export interface ProviderInstanceOptions extends ProviderSource {
  /** The operator's config: checked against a package's schema before the start, and what the handshake sends. */
  readonly config?: JsonObject;
  /** The operator's name for it. Default `runtime`; an empty one sets no `GESTALT_PLUGIN_NAME`. */
  readonly name?: string;
  /** The `env` of its config entry. */
  readonly env?: Readonly<Record<string, string>>;
  /** The operator's environment, of which seven variables are passed (PROC-4). Default: this process's. */
  readonly operatorEnv?: Readonly<Record<string, string | undefined>>;
  /** Its working directory, which is the host's. Default: this process's. */
  readonly cwd?: string;
  /** Where the directory for its sockets is made. Default: the system's. */
  readonly tmpDir?: string;
  /** Whether it is offered a log host; without one the variable is absent (LOGS-5). Default true. */
  readonly logHost?: boolean;
  /** What it may reach itself. A policy that names hosts or denies by default means the sandbox (PROC-10). */
  readonly egress?: EgressOptions;
  /**
   * Runs it in the host's sandbox (PROC-10), or never with `false`. Default: as `egress` demands it. Without an
   * `egress` of its own, the sandbox's proxy refuses all.
   */
  readonly sandbox?: boolean | SandboxOptions;
  /** Which gestaltd it is started by. Default `documented`. */
  readonly hostVersion?: HostVersion;
  /** Where its records go. Default: a store of its own. */
  readonly logs?: LogStore;
  /** Where its calls and events are written. Default: a trace of its own. */
  readonly trace?: HostTrace;
  /** Told of everything that it writes to stdout and stderr, as it comes. */
  readonly onOutput?: (chunk: Buffer, stream: "stdout" | "stderr") => void;
  /** Told of what the real host would not take, or takes otherwise. Default: a line on stderr. */
  readonly onWarning?: (message: string) => void;
  /** Default: {@link hostTimes}. */
  readonly times?: Partial<HostTimes>;
  /** Default: {@link hostLimits}. */
  readonly limits?: Partial<HostLimits>;
  /** Aborting it gives up the start ({@link startProvider} then ends the process). */
  readonly signal?: AbortSignal;
}

/**
 * One process of a provider as the host holds it: spawned, dialled, asked, ended. Dispose of it (`await using`)
 * or call {@link ProviderInstance.shutdown}: both end the process and remove what the host made for it.
 */
export class ProviderInstance implements AsyncDisposable {
  /** Numbers the processes of one trace, from 1. */
  readonly instance: number;
  /** The operator's name for it. */
  readonly name: string;
  /** Its process: output, end, signals. */
  readonly process: ProviderProgram;
  /** Where it serves; what `GESTALT_PLUGIN_SOCKET` held. */
  readonly socketPath: string;
  /** Holds the provider's socket and the log host's. */
  readonly directory: string;
  /** The whole environment that the process was given; empty for one that somebody else started. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where its calls and events are written. */
  readonly trace: HostTrace;
  /** Where its sessions' records go. */
  readonly logs: LogStore;
  /** The log host that it is offered; undefined without one. */
  readonly logHost: LogHost | undefined;
  /** The host's sandbox around the process; absent where it runs in the open. */
  readonly sandbox: Sandbox | undefined;
  /** The package that was installed for this process alone, and goes with it. */
  readonly installed: InstalledProvider | undefined;
  /** In what its host differs from the documented one. */
  readonly traits: HostTraits;
  /** The host's times towards it. */
  readonly times: HostTimes;
  /** The host's limits towards it. */
  readonly limits: HostLimits;
  /** The calls of a session's life, with what the host does around them. */
  readonly sessions: SessionCalls;
  readonly #config: JsonObject | undefined;
  #connection: Connection | undefined;
  #shutdown: Promise<ShutdownReport> | undefined;

  private constructor(parts: InstanceParts) {
    this.instance = parts.instance;
    this.name = parts.name;
    this.process = parts.process;
    this.socketPath = parts.socketPath;
    this.directory = parts.directory;
    this.environment = parts.environment;
    this.trace = parts.trace;
    this.logs = parts.logs;
    this.logHost = parts.logHost;
    this.sandbox = parts.sandbox;
    this.installed = parts.installed;
    this.#config = parts.config;
    this.traits = parts.traits;
    this.times = parts.times;
    this.limits = parts.limits;
    this.sessions = new SessionCalls(this);
  }

  /** Spawns the process and does not wait for it to serve; {@link ProviderInstance.connect} does. */
  static async spawn(options: ProviderInstanceOptions): Promise<ProviderInstance> {
    const { name = "runtime", operatorEnv = process.env } = options;
    checkProviderSource("", options);
    const traits = hostTraits(options.hostVersion);
    const times = { ...hostTimes, ...options.times };
    const limits = { ...hostLimits, ...options.limits };
    const trace = options.trace ?? new HostTrace({ maxRecords: limits.traceRecords });
    const logs = options.logs ?? new LogStore(limits);
    const instance = trace.nextInstance();
    const installed = await installSource({ ...options, name, trace });
    const { command = "", args = [] } = installed ?? options;
    let directory: string | undefined;
    let logHost: LogHost | undefined;
    let sandbox: Sandbox | undefined;
    try {
      directory = await makeSocketDirectory(options.tmpDir);
      if (options.logHost ?? true)
        logHost = await serveLogHost({
          path: join(directory, "host-0.sock"),
          providerName: name,
          instance,
          store: logs,
          trace,
          traits,
          times,
          limits,
        });
      const { provider } = options;
      if (provider === undefined)
        sandbox = await openProviderSandbox({ ...options, command, socketFolder: directory });
      const socketPath = join(directory, "plugin.sock");
      const environment = providerEnvironment({
        operator: operatorEnv,
        entry: options.env ?? {},
        socketPath,
        parentPid: process.pid,
        name,
        hostServices: logHost === undefined ? {} : { [logSocketVariable]: logHost.path },
        sandbox: sandbox?.environment ?? {},
      });
      const watched = {
        environment,
        maxOutputBytes: limits.outputBytes,
        onOutput: options.onOutput,
        onSignal: (signal: NodeJS.Signals) => trace.note(name, instance, { type: "signal", signal }),
        onExit: (end: ProcessEnd) => trace.note(name, instance, { type: "exited", ...end }),
      };
      const child =
        provider === undefined
          ? await ProviderProcess.spawn({
              ...watched,
              command,
              args,
              cwd: options.cwd ?? process.cwd(),
              launch: sandbox?.launch,
            })
          : new ServedProvider({ ...watched, provider, socketPath });
      const started = provider === undefined ? [command, ...args] : ["(served in this process)"];
      trace.note(name, instance, { type: "spawned", pid: child.pid, command: started });
      return new ProviderInstance({
        instance,
        name,
        process: child,
        socketPath,
        directory,
        environment,
        trace,
        logs,
        logHost,
        sandbox,
        installed,
        config: options.config,
        traits,
        times,
        limits,
      });
    } catch (error) {
      await sandbox?.close();
      await logHost?.close();
      if (directory !== undefined) await removeSocketDirectory(directory);
      await installed?.remove();
      throw error;
    }
  }

  /** Takes hold of a provider that somebody else has started, or will; {@link ProviderInstance.connect} waits for it. */
  static async attach(options: ProviderInstanceOptions): Promise<ProviderInstance> {
    const { name = "runtime", attach: socketPath = "" } = options;
    checkProviderSource("", options);
    const traits = hostTraits(options.hostVersion);
    const times = { ...hostTimes, ...options.times };
    const limits = { ...hostLimits, ...options.limits };
    const trace = options.trace ?? new HostTrace({ maxRecords: limits.traceRecords });
    const logs = options.logs ?? new LogStore(limits);
    const instance = trace.nextInstance();
    const directory = await makeSocketDirectory(options.tmpDir);
    let logHost: LogHost | undefined;
    try {
      if (options.logHost ?? true) {
        const path = attachedLogSocket(socketPath);
        await freeLogSocket(path);
        logHost = await serveLogHost({
          path,
          providerName: name,
          instance,
          store: logs,
          trace,
          traits,
          times,
          limits,
        });
      }
    } catch (error) {
      await removeSocketDirectory(directory);
      throw error;
    }
    trace.note(name, instance, { type: "attached", socketPath });
    return new ProviderInstance({
      instance,
      name,
      process: new AttachedProgram(() => trace.note(name, instance, { type: "detached", socketPath })),
      socketPath,
      directory,
      environment: {},
      trace,
      logs,
      logHost,
      sandbox: undefined,
      installed: undefined,
      config: options.config,
      traits,
      times,
      limits,
    });
  }

  /** Waits until the provider serves, and dials it (PROC-3). It does not end the process when that fails. */
  async connect(signal?: AbortSignal): Promise<void> {
    if (this.#connection !== undefined) return;
    if (this.process.attached) await waitForListener(this.socketPath, this.times, signal);
    const channel = await dialProvider(this.process, {
      socketPath: this.socketPath,
      times: this.times,
      diagnosisLines: this.limits.diagnosisLines,
      signal,
    });
    const peer = {
      to: "provider",
      name: this.name,
      instance: this.instance,
      authority: "localhost",
    } as const;
    this.#connection = {
      channel,
      lifecycle: tracedClient(channel, ProviderLifecycle, peer, this.trace),
      runtime: tracedClient(channel, PluginRuntimeProvider, peer, this.trace),
    };
    this.trace.note(this.name, this.instance, { type: "ready" });
  }

  /** The raw lifecycle calls, each traced. No deadline is set but the one you give. */
  get lifecycle(): UnaryClient<typeof ProviderLifecycle> {
    return this.#connected().lifecycle;
  }

  /** The raw runtime calls, each traced. No deadline is set but the one you give. */
  get runtime(): UnaryClient<typeof PluginRuntimeProvider> {
    return this.#connected().runtime;
  }

  /** Identity, configuration, identity again, with the host's deadlines and checks (LIFE). */
  handshake(config: JsonObject | undefined = this.#config, signal?: AbortSignal): Promise<Handshake> {
    const options = { name: this.name, config, times: this.times, signal };
    if (!this.process.attached) return handshake(this.lifecycle, options);
    return attachedHandshake(this.lifecycle, this.runtime, options);
  }

  /** Closes the connection and the log host, then SIGTERM, and SIGKILL after 2 s (PROC-6). */
  shutdown(): Promise<ShutdownReport> {
    return (this.#shutdown ??= (async () => {
      this.#connection?.channel.close();
      await this.logHost?.close();
      const report = await this.process.terminate(this.times.providerStopMs);
      await this.sandbox?.close();
      await removeSocketDirectory(this.directory);
      await this.installed?.remove();
      return report;
    })());
  }

  /** SIGKILL, as a crash would end it; what the host holds stays until {@link ProviderInstance.shutdown}. */
  kill(): Promise<ProcessEnd> {
    return this.process.kill();
  }

  /** Calls `shutdown`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #connected(): Connection {
    if (this.#connection !== undefined) return this.#connection;
    throw new HostError("never-listened", "the provider is not connected yet; await connect() first");
  }
}

/**
 * Spawns a provider (or attaches to one) and waits until it serves. When that fails, the process has been ended and nothing is left.
 *
 * @throws {@link HostError} with the diagnosis
 */
export async function startProvider(options: ProviderInstanceOptions): Promise<ProviderInstance> {
  const provider = await (options.attach === undefined
    ? ProviderInstance.spawn(options)
    : ProviderInstance.attach(options));
  try {
    await provider.connect(options.signal);
    return provider;
  } catch (error) {
    await provider.shutdown();
    throw error;
  }
}

interface Connection {
  readonly channel: ProtocolChannel;
  readonly lifecycle: UnaryClient<typeof ProviderLifecycle>;
  readonly runtime: UnaryClient<typeof PluginRuntimeProvider>;
}

interface InstanceParts {
  readonly instance: number;
  readonly name: string;
  readonly process: ProviderProgram;
  readonly socketPath: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly trace: HostTrace;
  readonly logs: LogStore;
  readonly logHost: LogHost | undefined;
  readonly sandbox: Sandbox | undefined;
  readonly installed: InstalledProvider | undefined;
  readonly config: JsonObject | undefined;
  readonly traits: HostTraits;
  readonly times: HostTimes;
  readonly limits: HostLimits;
}
