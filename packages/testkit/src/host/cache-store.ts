import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { Cache, addUnaryService, type UnaryHandlers } from "@gestalt-runtime/sdk/protocol";
import type { Server } from "@grpc/grpc-js";
import { hostLimits, type HostLimits } from "./times.js";

interface Entry {
  readonly value: Uint8Array;
  /** Milliseconds since 1970; absent: it stays. */
  readonly expiresAtMs?: number;
}

/** A real cache in memory: what a plugin gets under `GESTALT_CACHE_SOCKET`. */
export class CacheStore {
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;

  constructor(limits: Pick<HostLimits, "cacheEntries"> = hostLimits) {
    this.#maxEntries = limits.cacheEntries;
  }

  /** The value; undefined where there is none or its time is over. */
  get(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs === undefined || entry.expiresAtMs > Date.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /**
   * Writes an entry.
   *
   * @param ttlMs zero or less, or left out: the entry stays until it is deleted
   * @throws {@link RuntimeProviderError} RESOURCE_EXHAUSTED when the cache is full
   */
  set(key: string, value: Uint8Array, ttlMs = 0): void {
    if (!this.#entries.has(key) && this.#entries.size >= this.#maxEntries) this.#sweep();
    if (!this.#entries.has(key) && this.#entries.size >= this.#maxEntries)
      throw new RuntimeProviderError("RESOURCE_EXHAUSTED", `the cache holds ${this.#maxEntries} entries`);
    // A copy: the bytes of a call are a view into its whole message.
    const kept = { value: new Uint8Array(value) };
    this.#entries.set(key, ttlMs > 0 ? { ...kept, expiresAtMs: Date.now() + ttlMs } : kept);
  }

  /** Whether there was such an entry. */
  delete(key: string): boolean {
    return this.get(key) !== undefined && this.#entries.delete(key);
  }

  #sweep(): void {
    for (const key of [...this.#entries.keys()]) this.get(key);
  }
}

/** Serves a store as the host service Cache; GetMany, SetMany, DeleteMany and Touch answer UNIMPLEMENTED. */
export function addCacheService(
  server: Server,
  store: CacheStore,
  onCall: (method: string, thrown?: unknown) => void,
): void {
  const told = <A, B>(method: string, body: (request: A) => B): ((request: A) => B) => {
    return (request) => {
      try {
        const answer = body(request);
        onCall(method);
        return answer;
      } catch (thrown) {
        onCall(method, thrown);
        throw thrown;
      }
    };
  };
  const handlers: UnaryHandlers<typeof Cache> = {
    get: told("Cache/Get", ({ key }) => {
      const value = store.get(key);
      return value === undefined ? { found: false } : { found: true, value };
    }),
    set: told("Cache/Set", ({ key, value, ttl }) => {
      store.set(key, value, ttl === undefined ? 0 : Number(ttl.seconds) * 1000 + ttl.nanos / 1e6);
      return {};
    }),
    delete: told("Cache/Delete", ({ key }) => ({ deleted: store.delete(key) })),
  };
  addUnaryService(server, Cache, handlers);
}
