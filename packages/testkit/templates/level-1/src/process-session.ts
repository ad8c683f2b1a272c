import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  pluginEnvironment,
  RuntimeProviderError,
  safeBaseEnvironment,
  waitForHttp2,
  type HostedPlugin,
  type HostServiceBinding,
  type Session,
  type SessionLog,
  type SessionState,
  type StartPluginRequest,
  type StringMap,
} from "@gestalt-runtime/sdk";
import {
  openProcessTree,
  SpawnError,
  type Ended,
  type ProcessTree,
  type TreeProcess,
} from "@gestalt-runtime/sdk/processes";
import type { Config } from "./config.js";

/** How long a plugin may take until it accepts connections. */
const readyTimeoutMs = 60_000;
/** How long the log's last lines may take to reach the host before an answer. */
const flushMs = 300;

export interface SessionParts {
  readonly id: string;
  readonly metadata: StringMap;
  readonly directory: string;
  readonly config: Config;
  readonly log: SessionLog;
}

/** One session: a directory, a process tree, and the state that the host is told. */
export class ProcessSession {
  readonly #parts: SessionParts;
  readonly #tree: ProcessTree;
  readonly #startedAt = new Date();
  readonly #bindings = new Map<string, string>();
  readonly #stopping = new AbortController();
  #state: { readonly state: SessionState; readonly stateReason?: string; readonly stateMessage?: string } = {
    state: "ready",
  };
  #startAsked = false;
  #stopped: Promise<void> | undefined;

  private constructor(parts: SessionParts, tree: ProcessTree) {
    this.#parts = parts;
    this.#tree = tree;
  }

  static async open(parts: SessionParts): Promise<ProcessSession> {
    for (const path of ["", "home", "tmp"]) await mkdir(join(parts.directory, path), { mode: 0o700 });
    const session = new ProcessSession(parts, await openProcessTree());
    parts.log.answered();
    return session;
  }

  /** As the host sees it now. */
  answer(): Session {
    const { id, metadata, log } = this.#parts;
    log.registered();
    return { id, metadata, lifecycle: { startedAt: this.#startedAt }, ...this.#state };
  }

  bind(envVar: string, relayTarget: string): HostServiceBinding {
    this.#mustNotHaveStarted("services are bound before the plugin starts");
    this.#bindings.set(envVar, relayTarget);
    return { id: randomUUID() };
  }

  /** Starts the plugin, and returns when it accepts gRPC connections (PLUG-4). */
  async start(
    { pluginName, command, args, env }: StartPluginRequest,
    signal: AbortSignal,
  ): Promise<HostedPlugin> {
    this.#mustNotHaveStarted("a session runs one plugin");
    this.#startAsked = true;
    const { directory, config, log } = this.#parts;
    const listener = join(directory, "p.sock");
    const cwd = config.workingDirectory ?? process.cwd();
    try {
      const child = await this.#tree.spawn({
        command: resolve(cwd, command),
        args,
        cwd,
        env: pluginEnvironment({
          base: {
            ...safeBaseEnvironment(),
            HOME: join(directory, "home"),
            TMPDIR: join(directory, "tmp"),
          },
          request: env,
          bindings: this.#bindings,
          listener,
          pluginName,
        }),
      });
      void log.consume("stdout", child.stdout);
      void log.consume("stderr", child.stderr);
      await this.#untilReady(child, listener, signal);
      this.#state = { state: "running" };
      void child.ended.then((ended) => this.#endedByItself(ended));
      return { id: randomUUID(), dialTarget: `unix://${listener}` };
    } catch (thrown) {
      throw await this.#startFailed(thrown);
    }
  }

  /** Ends all that runs, and removes the directory; a start under way loses (SESS-11). */
  stop(): Promise<void> {
    return (this.#stopped ??= (async () => {
      const { directory, config, log } = this.#parts;
      this.#stopping.abort(new RuntimeProviderError("ABORTED", "the session is being stopped"));
      await this.#tree.stop({ graceMs: config.stopGraceMs });
      await log.flush(flushMs);
      log.end();
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
      this.#state = { state: "stopped" };
    })());
  }

  async #untilReady(child: TreeProcess, listener: string, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    void child.ended.then((how) =>
      ended.abort(
        new RuntimeProviderError(
          "FAILED_PRECONDITION",
          `the plugin ended before it accepted connections: ${describe(how)}`,
        ),
      ),
    );
    const late = AbortSignal.timeout(readyTimeoutMs);
    try {
      await waitForHttp2(
        { type: "unix", path: listener },
        { signal: AbortSignal.any([signal, this.#stopping.signal, ended.signal, late]) },
      );
    } catch (error) {
      if (!late.aborted) throw error;
      throw new RuntimeProviderError(
        "DEADLINE_EXCEEDED",
        `the plugin accepted no gRPC connections within ${readyTimeoutMs} ms`,
        { cause: error },
      );
    }
  }

  /** Leaves no process, says why in the session and its log, and gives the error for the host (PLUG-6, PLUG-7). */
  async #startFailed(thrown: unknown): Promise<RuntimeProviderError> {
    const { log } = this.#parts;
    await this.#tree.kill();
    const { code, message } = RuntimeProviderError.from(thrown, "the plugin could not be started");
    const lines = log.tail("stderr", 20);
    const text = lines.length === 0 ? message : `${message}\nthe last of its stderr:\n${lines.join("\n")}`;
    if (!this.#stopping.signal.aborted)
      this.#state = { state: "failed", stateReason: "start", stateMessage: text };
    log.runtime(message);
    await log.flush(flushMs);
    return new RuntimeProviderError(thrown instanceof SpawnError ? "FAILED_PRECONDITION" : code, text, {
      cause: thrown,
    });
  }

  /** By the runtime's own clock: the host does not ask (SESS-10, SESS-12). */
  #endedByItself(ended: Ended): void {
    if (this.#stopping.signal.aborted) return;
    const stateMessage = `the plugin ended by itself: ${describe(ended)}`;
    this.#state = {
      state: ended.how === "exit" && ended.code === 0 ? "stopped" : "failed",
      stateReason: "ended",
      stateMessage,
    };
    this.#parts.log.runtime(stateMessage);
    void this.#tree.kill();
  }

  #mustNotHaveStarted(rule: string): void {
    if (this.#startAsked || this.#state.state !== "ready")
      throw new RuntimeProviderError("FAILED_PRECONDITION", `the session is ${this.#state.state}: ${rule}`);
  }
}

function describe(ended: Ended): string {
  return ended.how === "exit" ? `exit code ${ended.code}` : `signal ${ended.signal}`;
}
