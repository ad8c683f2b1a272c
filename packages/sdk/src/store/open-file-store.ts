import { join } from "node:path";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { OpenSessionStore, SessionRecord, SessionStoreContext } from "../sessions/session-store.js";
import { keepFresh } from "../state-directory/freshness.js";
import { takeOver, type Taker } from "./leftovers.js";
import { isInstance, recordFileName } from "./names.js";
import { encodeRecord } from "./record.js";
import { RecordWriter } from "./record-writer.js";
import { storeError } from "./store-error.js";
import { exists, type StoreFolder } from "./store-folder.js";

export interface OpenFileStoreParts {
  readonly store: StoreFolder;
  readonly instance: string;
  readonly context: SessionStoreContext;
  /** Gives up the instance's lock; its folder too where it is empty. */
  readonly letGo: () => Promise<void>;
}

/** More instances than ever meet; past it, the oldest are unknown again. */
const maxKnownDead = 1_000;

/** One instance's part of a directory (see names.ts for what is in it). */
export class OpenFileStore implements OpenSessionStore {
  readonly instance: string;
  readonly #parts: OpenFileStoreParts;
  readonly #writer: RecordWriter;
  /** Ids of the sessions that are written down, or about to be. */
  readonly #held = new Set<string>();
  readonly #warned = new Set<string>();
  /** Proven dead, and perhaps gone from the directory since. */
  readonly #dead = new Set<string>();
  readonly #endFreshness: () => void;
  #taking: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(parts: OpenFileStoreParts) {
    this.instance = parts.instance;
    this.#parts = parts;
    const { store, instance } = parts;
    const folder = store.folderOf(instance);
    this.#writer = new RecordWriter(folder);
    this.#endFreshness = keepFresh(() => [
      store.path,
      store.lockOf(instance),
      folder,
      ...Array.from(this.#held, (sessionId) => join(folder, recordFileName(sessionId))),
    ]);
  }

  async save(record: SessionRecord): Promise<void> {
    this.#assertOpen();
    const { providerName } = this.#parts.context;
    const text = encodeRecord({ providerName, record });
    const file = recordFileName(record.id);
    this.#held.add(record.id);
    try {
      await this.#writer.submit(file, text);
    } catch (error) {
      const path = join(this.#parts.store.folderOf(this.instance), file);
      if (!(await exists(path))) this.#held.delete(record.id);
      throw error;
    }
  }

  async remove(sessionId: string): Promise<void> {
    this.#assertOpen();
    // Also where it is not held: an earlier attempt may have failed.
    this.#held.delete(sessionId);
    await this.#writer.submit(recordFileName(sessionId), undefined);
  }

  async takeLeftovers(): Promise<SessionRecord[]> {
    this.#assertOpen();
    const taken = this.#taking.then(() => this.#take());
    this.#taking = taken.catch(() => undefined);
    return taken;
  }

  async ownerOf(instance: string): Promise<"alive" | "dead" | "unknown"> {
    if (!isInstance(instance)) return "unknown";
    if (instance === this.instance) return this.#closing === undefined ? "alive" : "dead";
    const { store } = this.#parts;
    const state = await store.lockState(instance);
    if (state === "dead") this.#noteDead(instance);
    if (state !== "missing") return state;
    return this.#dead.has(instance) ? "dead" : "unknown";
  }

  async holds(sessionId: string): Promise<boolean> {
    return this.#held.has(sessionId) || this.#parts.store.hasRecord(sessionId);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#taking;
    await this.#writer.idle();
    this.#endFreshness();
    await this.#parts.letGo();
  }

  async #take(): Promise<SessionRecord[]> {
    const { store, context } = this.#parts;
    const instances = await store.instances().catch((error: unknown) => {
      throw storeError(error, "look for leftovers in", store.path);
    });
    const taken: SessionRecord[] = [];
    const taker: Taker = {
      providerName: context.providerName,
      folder: store.folderOf(this.instance),
      has: (sessionId) => this.#held.has(sessionId),
      took: (record) => {
        this.#held.add(record.id);
        taken.push(record);
      },
      warn: (path, fault) => this.#warnOnce(path, fault),
    };
    // What was taken is this instance's: from here on nothing may keep it from the caller.
    const carryOn = (error: unknown): void =>
      context.warn({ error }, `taking sessions over in ${store.path} failed halfway`);
    for (const instance of instances) {
      if (instance === this.instance || !(await this.#isDead(instance))) continue;
      await takeOver(store, instance, taker).catch(carryOn);
    }
    await store.removeUnused().catch(carryOn);
    return taken;
  }

  async #isDead(instance: string): Promise<boolean> {
    const { store } = this.#parts;
    const state = await store.lockState(instance);
    if (state === "dead") this.#noteDead(instance);
    else if (state === "unknown")
      this.#warnOnce(
        store.lockOf(instance),
        "is the lock of an instance that can't be proven dead from here",
      );
    // A lock is taken before its folder is made, and removed after it.
    else if (state === "missing" && (await exists(store.folderOf(instance))))
      this.#warnOnce(store.folderOf(instance), "has lost its lock, so its owner can't be proven dead");
    return state === "dead";
  }

  #noteDead(instance: string): void {
    this.#dead.add(instance);
    for (const oldest of this.#dead) {
      if (this.#dead.size <= maxKnownDead) break;
      this.#dead.delete(oldest);
    }
  }

  #warnOnce(path: string, fault: string): void {
    if (this.#warned.has(path)) return;
    this.#warned.add(path);
    this.#parts.context.warn({ path }, `${path} ${fault}; it is left there, remove it when nobody needs it`);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined)
      throw new RuntimeProviderError("FAILED_PRECONDITION", "the session store is closed");
  }
}
