import { randomUUID } from "node:crypto";
import type { SessionRecord } from "../../src/sessions/session-store.js";

/** A session as the runtime writes it down. */
export function sampleRecord(changes: Partial<SessionRecord> = {}): SessionRecord {
  const id = changes.id ?? `modal-${randomUUID()}`;
  return {
    version: 1,
    id,
    name: `gst-${id}`.slice(0, 63),
    pluginName: "github",
    metadata: { provider_name: "cloud", provider_kind: "plugin", team: "grüße" },
    startedAtMs: 1_780_000_000_000,
    intent: "create",
    state: "pending",
    ...changes,
  };
}
