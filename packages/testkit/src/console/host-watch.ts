import type { JsonObject } from "@bufbuild/protobuf";
import type { FakeGestaltd, HostCall, HostEventRecord } from "../host/index.js";
import { Lines } from "./build.js";
import { debuggerUrl } from "./debug.js";
import type { Report } from "./events.js";
import { logFact } from "./facts.js";

export interface HostWatchOptions {
  /** Whether log lines are told as they come. */
  readonly following: () => boolean;
  /** Whether calls are told. */
  readonly tracing: () => boolean;
}

/** Turns what one host does and sees into the console's events, and knows which processes live. */
export class HostWatch {
  readonly #alive = new Map<number, number>();
  /** Instances that the host has told to end. */
  readonly #told = new Set<number>();
  readonly #plugins = new Map<string, string>();
  readonly #lastSeq = new Map<string, number>();
  readonly #lines: Readonly<Record<"stdout" | "stderr", Lines>>;
  #configured = false;

  constructor(
    private readonly provider: string,
    private readonly report: Report,
    private readonly options: HostWatchOptions,
  ) {
    const lines = (stream: "stdout" | "stderr"): Lines =>
      new Lines((line) => {
        const url = debuggerUrl(line);
        report(url === undefined ? { event: "output", provider, stream, line } : { event: "debugger", url });
      });
    this.#lines = { stdout: lines("stdout"), stderr: lines("stderr") };
  }

  /** The plugin that a session was made for. */
  pluginOf(sessionId: string): string | undefined {
    return this.#plugins.get(sessionId);
  }

  /** The number of the last record that came for a session. */
  lastSeq(sessionId: string): number {
    return this.#lastSeq.get(sessionId) ?? 0;
  }

  /** SIGKILL for every provider that lives; false when none does. */
  killAll(): boolean {
    for (const pid of this.#alive.values()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    }
    return this.#alive.size > 0;
  }

  output(chunk: Buffer, stream: "stdout" | "stderr"): void {
    this.#lines[stream].push(chunk);
  }

  /** Tells what a provider wrote last without a newline. */
  flush(): void {
    this.#lines.stdout.end();
    this.#lines.stderr.end();
  }

  call(call: HostCall): void {
    if (this.options.tracing()) this.report({ event: "call", call });
    if (call.method === "ProviderLifecycle/ConfigureProvider") this.#configured = true;
    if (call.outcome?.code !== "OK" || !("response" in call.outcome)) return;
    const answer = call.outcome.response as JsonObject;
    if (call.method === "PluginRuntimeProvider/StartSession") {
      const { pluginName } = call.request as JsonObject;
      if (typeof answer.id === "string" && typeof pluginName === "string")
        this.#plugins.set(answer.id, pluginName);
    }
    // What it says of itself before it is configured may change (LIFE-1).
    if (call.method === "ProviderLifecycle/GetProviderIdentity" && this.#configured)
      this.report({ event: "provider-configured", provider: this.provider, identity: answer });
  }

  event(event: HostEventRecord, host: FakeGestaltd): void {
    const { provider, report } = this;
    if (event.type === "spawned") {
      this.#alive.set(event.instance, event.pid);
      report({ event: "provider-started", provider, pid: event.pid, command: event.command });
    } else if (event.type === "attached")
      report({ event: "provider-attached", provider, socket: event.socketPath });
    else if (event.type === "detached") report({ event: "provider-detached", provider });
    else if (event.type === "signal") this.#told.add(event.instance);
    else if (event.type === "exited") {
      this.#alive.delete(event.instance);
      this.flush();
      const { code, signal } = event;
      report({ event: "provider-ended", provider, code, signal, expected: this.#told.has(event.instance) });
    } else if (event.type === "plugin-stopped") report({ event: "plugin-stopped", plugin: event.plugin });
    else if (event.type === "log-appended") this.#logAppended(event.sessionId, event.lastSeq, host);
  }

  #logAppended(sessionId: string, lastSeq: number, { admin }: FakeGestaltd): void {
    // 0: nothing of it was kept.
    if (lastSeq === 0) return;
    let after = this.lastSeq(sessionId);
    this.#lastSeq.set(sessionId, lastSeq);
    if (!this.options.following()) return;
    const plugin = this.pluginOf(sessionId) ?? "";
    for (;;) {
      const records = admin.logs(this.provider, sessionId, { after, limit: 1_000 }) ?? [];
      for (const record of records) this.report({ event: "log", ...logFact(plugin, sessionId, record) });
      const last = records.at(-1);
      if (last === undefined || last.seq >= lastSeq) return;
      after = last.seq;
    }
  }
}
