import {
  BackendError,
  type BackendContext,
  type Ended,
  type FoundGuest,
  type Guest,
  type GuestFacts,
  type GuestRequest,
  type RunningPlugin,
  type SessionBackend,
} from "../../../src/sessions/index.js";
import type { Random } from "./random.js";
import type { VirtualClock } from "./virtual-clock.js";

type Handle = { readonly name: string };

type Labels = Readonly<Record<string, string>>;

interface CloudGuest {
  readonly name: string;
  readonly sessionId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A listing shows it from here on. */
  readonly visibleAtMs: number;
  plugin: "none" | "running" | Ended;
  listensAtMs: number;
  readonly watchers: Set<(ended: Ended) => void>;
}

/** What kind of backend it is. */
export interface CloudKind {
  readonly createAt: "session" | "plugin";
  /** False: a reply that gets lost can't be made good for, so none does. */
  readonly hasFind: boolean;
}

/** A cloud on a virtual clock: slow, failing, forgetful and deaf to cancellation, as chance has it. */
export class ModelCloud {
  readonly guests = new Map<string, CloudGuest>();
  calls = 0;
  /** Sessions whose plugin or guest has ended by itself. */
  readonly ended = new Set<string>();
  /** True: every call is slow or fails now and then. */
  isFaulty = true;
  /** How often a call is slow or fails: some worlds are calmer than others. */
  readonly trouble: number;
  /** How long plugins take to listen, where it is not left to chance. */
  listenDelayMs: number | undefined;

  constructor(
    private readonly clock: VirtualClock,
    private readonly random: Random,
    readonly kind: CloudKind,
  ) {
    this.trouble = random.pick(0.05, 0.3, 1);
  }

  /** The backend of one process; after `isDead` says so, its requests under way may still be carried out. */
  backend(isDead: () => boolean): SessionBackend<Handle> {
    return {
      traits: {
        kind: "model",
        egress: "none",
        hostServices: "relay",
        outlivesProvider: true,
        createAt: this.kind.createAt,
      },
      create: (request, context) => this.#request(isDead, context, () => this.#create(request)),
      ...(this.kind.createAt === "session" && {
        launch: ({ name }: Handle, _plugin, context) =>
          this.#request(isDead, context, () => this.#launch(name)),
      }),
      destroy: ({ name }, context) => this.#request(isDead, context, () => this.#destroy(name)),
      inspect: ({ name }, context) => this.#request(isDead, context, () => this.#inspect(name)),
      adopt: ({ name }, _io, context) => this.#request(isDead, context, () => this.#watched(name)),
      ...(this.kind.hasFind && {
        find: (labels: Labels, context: BackendContext) => this.#find(isDead, labels, context),
      }),
    };
  }

  /** True when the plugin of this guest accepts connections. */
  listens(name: string): boolean {
    const guest = this.guests.get(name);
    return guest?.plugin === "running" && guest.listensAtMs <= this.clock.now();
  }

  /** A plugin ends by itself, or its guest vanishes. */
  end(index: number, ended: Ended): void {
    const running = [...this.guests.values()].filter(({ plugin }) => plugin === "running");
    const guest = running[index % Math.max(1, running.length)];
    if (guest === undefined) return;
    this.ended.add(guest.sessionId);
    if (ended.how === "vanished") this.guests.delete(guest.name);
    guest.plugin = ended;
    for (const tell of guest.watchers) tell(ended);
  }

  /** One request: it takes a while, may fail before or after its work is done, and may mind its signal or not. */
  async #request<T>(isDead: () => boolean, context: BackendContext, work: () => T): Promise<T> {
    this.calls += 1;
    if (isDead()) return new Promise<never>(() => undefined);
    const { random } = this;
    if (!this.isFaulty || !random.chance(this.trouble)) {
      await this.clock.sleep(1);
      return work();
    }
    const minds = random.chance(0.5);
    const fate = random.pick("done", "done", "done", "done", "done", "busy", "refused", "lost", "lost");
    const slow = (): Promise<void> =>
      this.clock.sleep(random.pick(0, 0, 1, 20, 90, 400, 2_000, random.chance(0.1) ? 3_600_000 : 30_000));
    await slow();
    if (minds && context.signal.aborted) throw new Error("aborted");
    if (fate === "busy")
      throw new BackendError("UNAVAILABLE", "try again", { retryable: true, neverMade: true });
    if (fate === "refused") throw new BackendError("INTERNAL", "no", { neverMade: true });
    const result = work();
    await slow();
    if (isDead()) return new Promise<never>(() => undefined);
    if (fate === "lost" && this.kind.hasFind)
      throw random.chance(0.5)
        ? new Error("reset")
        : new BackendError("UNAVAILABLE", "reset", { retryable: true });
    return result;
  }

  #create({ name, sessionId, labels, plugin }: GuestRequest): Guest<Handle> {
    if (!this.guests.has(name))
      this.guests.set(name, {
        name,
        sessionId,
        labels,
        visibleAtMs: this.clock.now() + (this.isFaulty ? this.random.pick(0, 0, 500, 8_000) : 0),
        plugin: "none",
        listensAtMs: Infinity,
        watchers: new Set(),
      });
    const running = plugin === undefined ? {} : { plugin: this.#launch(name) };
    return { handle: { name }, shared: { onHost: `/m/${name}`, inGuest: "/m" }, ...running };
  }

  #launch(name: string): RunningPlugin {
    const guest = this.guests.get(name);
    if (guest === undefined) throw new BackendError("NOT_FOUND", "no such guest");
    if (guest.plugin === "none") {
      guest.plugin = "running";
      guest.listensAtMs =
        this.clock.now() + (this.listenDelayMs ?? this.random.pick(0, 5, 100, 1_000, Infinity));
    }
    return this.#watched(name);
  }

  #watched(name: string): RunningPlugin {
    const guest = this.guests.get(name);
    if (guest === undefined) throw new BackendError("NOT_FOUND", "no such guest");
    if (this.isFaulty && this.random.chance(0.2)) return {};
    const ended = new Promise<Ended>((resolve, reject) => {
      if (typeof guest.plugin === "object") resolve(guest.plugin);
      guest.watchers.add(resolve);
      // The watch breaks off while the program runs on.
      if (this.isFaulty && this.random.chance(0.2))
        void this.clock.sleep(700).then(() => reject(new Error("reset")));
    });
    ended.catch(() => undefined);
    return { ended };
  }

  #destroy(name: string): "gone" | "going" {
    if (!this.guests.has(name)) return "gone";
    if (this.isFaulty && this.random.chance(0.3)) return "going";
    this.guests.delete(name);
    return this.random.chance(0.5) ? "gone" : "going";
  }

  #inspect(name: string): GuestFacts {
    const guest = this.guests.get(name);
    return guest === undefined ? { guest: "gone", plugin: "none" } : { guest: "up", plugin: guest.plugin };
  }

  async *#find(
    isDead: () => boolean,
    labels: Readonly<Record<string, string>>,
    context: BackendContext,
  ): AsyncGenerator<FoundGuest<Handle>> {
    const found = await this.#request(isDead, context, () =>
      [...this.guests.values()].filter(
        (guest) =>
          guest.visibleAtMs <= this.clock.now() &&
          Object.entries(labels).every(([key, value]) => guest.labels[key] === value),
      ),
    );
    for (const guest of found)
      yield { handle: { name: guest.name }, labels: guest.labels, facts: this.#inspect(guest.name) };
  }
}
