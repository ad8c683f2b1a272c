import { randomBytes } from "node:crypto";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { OpenSessionStore, SessionRecord, SessionStore } from "../sessions/session-store.js";
import { decodeRecord, encodeRecord } from "./record.js";

interface Instance {
  readonly providerName: string;
  readonly records: Map<string, string>;
  open: boolean;
}

/**
 * Keeps sessions for as long as this process lives: for guests that don't outlive it, and for tests. It checks and
 * copies records as {@link fileSessionStore} does, and an instance that is closed leaves what it had to the next
 * one that asks (REC-2).
 */
export function memorySessionStore(): SessionStore {
  const instances = new Map<string, Instance>();
  return {
    open: ({ providerName }) => {
      const id = randomBytes(8).toString("hex");
      const own: Instance = { providerName, records: new Map(), open: true };
      instances.set(id, own);
      return Promise.resolve(openStore(id, own, instances));
    },
  };
}

function openStore(instance: string, own: Instance, instances: Map<string, Instance>): OpenSessionStore {
  return {
    instance,
    save: async (record) => {
      assertOpen(own);
      own.records.set(record.id, encodeRecord({ providerName: own.providerName, record }));
      return Promise.resolve();
    },
    remove: async (sessionId) => {
      assertOpen(own);
      own.records.delete(sessionId);
      return Promise.resolve();
    },
    takeLeftovers: async () => {
      assertOpen(own);
      const taken: SessionRecord[] = [];
      for (const other of instances.values()) {
        if (other.open || other.providerName !== own.providerName) continue;
        for (const [sessionId, text] of other.records) {
          const stored = decodeRecord(text);
          if ("fault" in stored || own.records.has(sessionId)) continue;
          own.records.set(sessionId, text);
          other.records.delete(sessionId);
          taken.push(stored.record);
        }
      }
      return Promise.resolve(taken);
    },
    ownerOf: async (id) => {
      const owner = instances.get(id);
      return Promise.resolve(owner === undefined ? "unknown" : owner.open ? "alive" : "dead");
    },
    holds: async (sessionId) =>
      Promise.resolve([...instances.values()].some(({ records }) => records.has(sessionId))),
    close: async () => {
      own.open = false;
      return Promise.resolve();
    },
  };
}

function assertOpen({ open }: Instance): void {
  if (!open) throw new RuntimeProviderError("FAILED_PRECONDITION", "the session store is closed");
}
