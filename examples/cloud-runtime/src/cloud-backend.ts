import {
  BackendError,
  type BackendContext,
  type BackendTraits,
  type Ended,
  type FoundGuest,
  type Guest,
  type GuestFacts,
  type GuestRequest,
  type PluginIo,
  type PluginRequest,
  type RunningPlugin,
  type SessionBackend,
  type SessionLimits,
  type SessionStore,
  type StringMap,
} from "@gestalt-runtime/sdk";
import type { Cloud, Program, Sandbox } from "./cloud.js";

/** Of a sandbox, its id is enough: all else is asked for. */
type Handle = { readonly id: string };

const dayMs = 86_400_000;
/** A call that waits has told nothing for so long: its connection is dead. */
const silenceMs = 30_000;

export interface CloudBackendOptions {
  readonly cloud: Cloud;
  readonly region: string;
  readonly size: string;
  readonly limits: SessionLimits;
  readonly store?: SessionStore;
}

/** Runs plugins in sandboxes of a cloud, one sandbox for each session. */
export class CloudBackend implements SessionBackend<Handle> {
  readonly traits: BackendTraits = {
    kind: "cloud",
    needs: "image",
    accepts: ["image"],
    egress: "none",
    hostServices: "relay",
    listener: { type: "unix", directory: "/sandbox" },
    outlivesProvider: true,
    maxLifetimeMs: dayMs,
  };
  readonly limits: SessionLimits;
  readonly store?: SessionStore;
  readonly #cloud: Cloud;

  constructor(private readonly options: CloudBackendOptions) {
    this.#cloud = options.cloud;
    this.limits = options.limits;
    if (options.store !== undefined) this.store = options.store;
  }

  async check({ signal }: BackendContext): Promise<void> {
    await this.#cloud.account(signal);
  }

  async create(request: GuestRequest, context: BackendContext): Promise<Guest<Handle>> {
    const { name, labels, image, pullCredentials, expiresAt } = request;
    const { region, size } = this.options;
    const { signal } = context;
    const ttlMs = expiresAt === undefined ? dayMs : expiresAt.getTime() - Date.now();
    const ttlSeconds = Math.max(1, Math.ceil(ttlMs / 1_000));
    const wanted = {
      name,
      labels,
      image: String(image),
      registryAuth: pullCredentials,
      region,
      size,
      ttlSeconds,
    };
    let sandbox = await context.call(() => this.#cloud.createSandbox(wanted, signal));
    const { id } = sandbox;
    while (sandbox.state === "starting") {
      context.progress(`sandbox ${id} is starting`);
      sandbox = await context.call(() => this.#cloud.startedSandbox(id, signal));
    }
    if (sandbox.state !== "running")
      throw new BackendError("FAILED_PRECONDITION", sandbox.message, { reason: sandbox.reason });
    return {
      handle: { id },
      env: { HOME: "/sandbox", TMPDIR: "/sandbox" },
      expiresAt: new Date(sandbox.expiresAt),
      notes: { sandbox: id, region },
    };
  }

  async launch({ id }: Handle, plugin: PluginRequest, { signal }: BackendContext): Promise<RunningPlugin> {
    const { command, args, env, listener, io } = plugin;
    const socket = listener.type === "unix" ? listener.path : "";
    await this.#cloud.runProgram(id, { command, args, env, socket }, signal);
    return this.#watch(id, io);
  }

  adopt({ id }: Handle, io: PluginIo): Promise<RunningPlugin> {
    return Promise.resolve(this.#watch(id, io));
  }

  async destroy({ id }: Handle, { signal }: BackendContext): Promise<"gone" | "going"> {
    const sandbox = await this.#cloud.deleteSandbox(id, signal).catch(orGone);
    return sandbox?.state === "deleting" ? "going" : "gone";
  }

  async inspect({ id }: Handle, { signal }: BackendContext): Promise<GuestFacts> {
    const sandbox = await this.#cloud.sandbox(id, signal).catch(orGone);
    return sandbox === undefined ? { guest: "gone", plugin: "none" } : factsOf(sandbox);
  }

  async *find(labels: StringMap, context: BackendContext): AsyncIterable<FoundGuest<Handle>> {
    for (let page: number | undefined = 0; page !== undefined;) {
      const from: number = page;
      const { sandboxes, nextPage } = await context.call(() =>
        this.#cloud.listSandboxes(labels, from, context.signal),
      );
      for (const sandbox of sandboxes)
        yield { handle: { id: sandbox.id }, labels: sandbox.labels, facts: factsOf(sandbox) };
      page = nextPage;
    }
  }

  #watch(id: string, io: PluginIo): RunningPlugin {
    io.pull(async (from, sink, signal) => {
      for (let cursor = from ?? "0", ended = false; !ended;) {
        const page = await this.#cloud.output(id, cursor, signal);
        for (const { stream, data, cursor: next } of page.chunks)
          await sink.write(stream, Buffer.from(data, "base64"), (cursor = next));
        ended = page.ended || page.chunks.length === 0;
      }
    });
    return {
      ended: this.#ended(id),
      reach: { via: "dial", dial: (signal) => this.#cloud.connect(id, signal) },
    };
  }

  async #ended(id: string): Promise<Ended> {
    for (;;) {
      const ended = endedOf(await this.#cloud.endedProgram(id, AbortSignal.timeout(silenceMs)));
      if (ended !== undefined) return ended;
    }
  }
}

function factsOf({ state, message, expiresAt, program }: Sandbox): GuestFacts {
  const guest = {
    starting: "starting",
    running: "up",
    deleting: "gone",
    failed: { how: "vanished", detail: message },
    expired: { how: "limit", limit: "lifetime", detail: "the sandbox reached its ttl" },
  } as const;
  const plugin = program === null ? "none" : (endedOf(program) ?? "running");
  return { guest: guest[state], plugin, expiresAt: new Date(expiresAt) };
}

function endedOf(program: Program): Ended | undefined {
  switch (program.state) {
    case "running":
      return undefined;
    case "exited":
      return { how: "exit", code: program.exitCode };
    case "killed":
      return { how: "signal", signal: program.signal };
    case "limit":
      return { how: "limit", limit: program.limit, detail: program.detail };
  }
}

/** A sandbox that is not there is gone; any other refusal says nothing about it. */
function orGone(error: unknown): undefined {
  if (error instanceof BackendError && error.code === "NOT_FOUND") return undefined;
  throw error;
}
