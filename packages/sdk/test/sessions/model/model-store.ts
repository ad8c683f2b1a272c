import type { OpenSessionStore, SessionRecord, SessionStore } from "../../../src/sessions/index.js";
import type { VirtualClock } from "./virtual-clock.js";

interface Instance {
  readonly records: Map<string, SessionRecord>;
  alive: boolean;
}

/** A store whose instances die when the test says so: what was saved stays, what was under way is lost. */
export class ModelStore implements SessionStore {
  readonly #instances = new Map<string, Instance>();

  constructor(private readonly clock: VirtualClock) {}

  get records(): SessionRecord[] {
    return [...this.#instances.values()].flatMap(({ records }) => [...records.values()]);
  }

  /** Everyone who has it open is dead. */
  crash(): void {
    for (const instance of this.#instances.values()) instance.alive = false;
  }

  open(): Promise<OpenSessionStore> {
    const id = `i${this.#instances.size}`;
    const mine: Instance = { records: new Map(), alive: true };
    this.#instances.set(id, mine);
    return Promise.resolve({
      instance: id,
      save: async (record: SessionRecord) => {
        await this.clock.sleep(1);
        if (mine.alive) mine.records.set(record.id, structuredClone(record));
      },
      remove: async (sessionId: string) => {
        await this.clock.sleep(1);
        if (mine.alive) mine.records.delete(sessionId);
      },
      takeLeftovers: async () => {
        await this.clock.sleep(1);
        if (!mine.alive) return [];
        const taken: SessionRecord[] = [];
        for (const other of this.#instances.values()) {
          if (other.alive) continue;
          for (const [sessionId, record] of other.records) {
            mine.records.set(sessionId, record);
            taken.push(record);
          }
          other.records.clear();
        }
        return taken;
      },
      ownerOf: (instance: string) => {
        const known = this.#instances.get(instance);
        return Promise.resolve(known === undefined ? "unknown" : known.alive ? "alive" : "dead");
      },
      holds: (sessionId: string) => Promise.resolve(this.records.some(({ id }) => id === sessionId)),
      close: async () => {
        // What is being saved gets there first.
        await this.clock.sleep(2);
        mine.alive = false;
      },
    });
  }
}
