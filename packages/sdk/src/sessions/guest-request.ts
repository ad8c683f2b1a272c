import { randomUUID } from "node:crypto";
import type { StartSessionRequest, StringMap } from "../provider/types.js";
import type { GuestRequest, Json, PluginRequest } from "./guest.js";
import { writeLabels } from "./labels.js";
import type { SessionOrigin } from "./session.js";
import type { SessionRecord } from "./session-store.js";
import { imageOf } from "./start-session-checks.js";
import type { Surroundings } from "./surroundings.js";

/** Who a session is, from its first moment on. */
export interface SessionIdentity {
  readonly record: SessionRecord;
  readonly labels: StringMap;
}

/** Ids and guest names are unique for ever, also across restarts (SESS-1). */
export function newIdentity<H extends Json>(
  origin: SessionOrigin,
  { clock, limits, store, providerName, backend, logger }: Surroundings<H>,
): SessionIdentity {
  if (origin.how === "restored") return { record: origin.record, labels: {} };
  const { pluginName, metadata } = origin.request;
  const unique = randomUUID();
  const startedAtMs = clock.now();
  const expires = limits.lifetimeMs !== undefined && { expiresAtMs: startedAtMs + limits.lifetimeMs };
  const id = `s-${unique}`;
  const facts = { provider: providerName, session: id, instance: store.instance, plugin: pluginName };
  const { labels, lost } = writeLabels(
    { ...facts, startedAtMs, metadata, ...expires },
    backend.traits.labels,
  );
  if (lost && backend.find !== undefined)
    logger.warn(
      { session: id },
      "the session's metadata does not fit the backend's labels; peers can't see it",
    );
  return {
    labels,
    record: {
      version: 1,
      id,
      name: `gestalt-${unique}`,
      pluginName,
      metadata,
      startedAtMs,
      ...expires,
      intent: "create",
      state: "pending",
    },
  };
}

/** What the backend is asked to make. @throws INVALID_ARGUMENT for an image or docker config that can't be read */
export function guestRequest(
  request: StartSessionRequest,
  { record, labels }: SessionIdentity,
  plugin?: PluginRequest,
): GuestRequest {
  const { pluginName, template, metadata } = request;
  return {
    sessionId: record.id,
    name: record.name,
    labels,
    pluginName,
    metadata,
    ...(template !== undefined && { template }),
    ...imageOf(request),
    ...(record.expiresAtMs !== undefined && { expiresAt: new Date(record.expiresAtMs) }),
    ...(plugin !== undefined && { plugin }),
  };
}
