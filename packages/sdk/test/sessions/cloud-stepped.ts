import { rm } from "node:fs/promises";
import { createServer, type Http2Server } from "node:http2";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogForwarder } from "../../src/logs/index.js";
import type { CallContext } from "../../src/provider/context.js";
import type { PluginRuntimeProvider } from "../../src/provider/provider.js";
import type { HostedPlugin, Session } from "../../src/provider/types.js";
import {
  createSessionRuntime,
  type BackendTraits,
  type Ended,
  type FoundGuest,
  type Guest,
  type GuestFacts,
  type GuestRequest,
  type PluginRequest,
  type RunningPlugin,
  type SessionBackend,
  type SessionLimits,
} from "../../src/sessions/index.js";

type Handle = { readonly name: string };
export type Step = "create" | "launch" | "destroy" | "inspect" | "find" | "adopt" | "check" | "dial";

/**
 * A cloud in memory whose client knows no abort signal: a call that has begun does its work in the end, whether
 * anybody still waits for it or not. The test holds calls back, before their work or after it.
 */
export class SteppedBackend implements SessionBackend<Handle> {
  readonly traits: BackendTraits = {
    kind: "stepped",
    egress: "none",
    hostServices: "relay",
    listener: { type: "unix", directory: tmpdir() },
  };
  /** What there is, by name. */
  readonly guests = new Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; plugin?: Http2Server }
  >();
  /** The calls in the order in which their work was done. */
  readonly done: Step[] = [];
  readonly begun: Step[] = [];
  readonly dialled: Socket[] = [];
  readonly #holds = new Map<string, { readonly promise: Promise<void>; readonly release: () => void }>();
  #facts: GuestFacts = { guest: "up", plugin: "running" };

  constructor(readonly limits: SessionLimits = {}) {}

  /** The last call that changed something. */
  get lastChange(): Step | undefined {
    return this.done.filter((step) => step === "create" || step === "launch" || step === "destroy").at(-1);
  }

  /** Holds calls of a step back, until it is let go. */
  hold(step: Step, when: "before" | "after" = "before"): void {
    let release = (): void => undefined;
    const promise = new Promise<void>((resolve) => (release = resolve));
    this.#holds.set(`${step} ${when}`, { promise, release });
  }

  letGo(): void {
    for (const { release } of this.#holds.values()) release();
    this.#holds.clear();
  }

  check(): Promise<void> {
    return this.#step("check", () => undefined);
  }

  create({ name, labels }: GuestRequest): Promise<Guest<Handle>> {
    return this.#step("create", () => {
      if (!this.guests.has(name)) this.guests.set(name, { labels });
      return { handle: { name } };
    });
  }

  launch({ name }: Handle, plugin: PluginRequest): Promise<RunningPlugin> {
    return this.#step("launch", async () => {
      const path = plugin.listener.type === "unix" ? plugin.listener.path : "";
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      // A launch that comes late leaves a guest, as some clouds do.
      this.guests.set(name, { labels: this.guests.get(name)?.labels ?? {}, plugin: server });
      return this.#running(path);
    });
  }

  destroy({ name }: Handle): Promise<"gone"> {
    return this.#step("destroy", () => {
      this.guests.get(name)?.plugin?.close();
      this.guests.delete(name);
      return "gone";
    });
  }

  inspect(): Promise<GuestFacts> {
    return this.#step("inspect", () => this.#facts);
  }

  async *find(labels: Readonly<Record<string, string>>): AsyncIterable<FoundGuest<Handle>> {
    const found = await this.#step("find", () =>
      [...this.guests].filter(([, guest]) =>
        Object.entries(labels).every(([key, value]) => guest.labels[key] === value),
      ),
    );
    for (const [name, guest] of found) yield { handle: { name }, labels: guest.labels };
  }

  #running(path: string): RunningPlugin {
    return {
      ended: new Promise<Ended>(() => undefined),
      reach: {
        via: "dial",
        dial: () =>
          this.#step("dial", () => {
            const socket = connect({ path, allowHalfOpen: true });
            socket.on("error", () => socket.destroy());
            this.dialled.push(socket);
            return socket;
          }),
      },
    };
  }

  async #step<T>(step: Step, work: () => T | Promise<T>): Promise<T> {
    this.begun.push(step);
    await this.#holds.get(`${step} before`)?.promise;
    const result = await work();
    this.done.push(step);
    await this.#holds.get(`${step} after`)?.promise;
    return result;
  }
}

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export function context(signal: CallContext["signal"] = new AbortController().signal): CallContext {
  return { method: "test", signal, deadline: undefined, logger: silent };
}

/** A provider on such a backend, as the host calls it. */
export interface Subject {
  readonly provider: PluginRuntimeProvider;
  start(signal?: CallContext["signal"]): Promise<Session>;
  get(id: string): Session | undefined;
  list(): readonly Session[];
  plugin(id: string, signal?: CallContext["signal"]): Promise<HostedPlugin>;
  stop(id: string): Promise<void>;
  close(): Promise<void>;
}

export async function serve(backend: SteppedBackend): Promise<Subject> {
  const provider = createSessionRuntime(() => backend, {
    logs: createLogForwarder({ fallback: () => undefined }),
    // Their look at all guests would also find what came late: here it is to be destroyed where it arrives.
    peers: "hidden",
  });
  await provider.configure?.({}, { ...context(), name: "stepped" });
  return {
    provider,
    start: async (signal) => provider.startSession({ pluginName: "example", metadata: {} }, context(signal)),
    get: (id) => provider.getSession(id, context()) as Session | undefined,
    list: () => provider.listSessions?.(context()) as readonly Session[],
    plugin: async (sessionId, signal) =>
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
        },
        context(signal),
      ),
    stop: async (id) => provider.stopSession(id, context()),
    close: async () => {
      await provider.close?.();
      await rm(join(tmpdir(), `gst-${process.getuid?.() ?? 0}-stepped-stepped-sockets`), {
        recursive: true,
        force: true,
      });
    },
  };
}
