import type { JsonValue } from "@bufbuild/protobuf";
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { CatalogOperation, PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";
import type { LogRecord } from "../host/index.js";
import type { LogFact, OperationFact, SessionFact } from "./events.js";

/** A session as the console tells it. */
export function sessionFact(session: PluginRuntimeSession, plugin: string | undefined): SessionFact {
  const { id, state, stateReason, stateMessage, metadata, lifecycle } = session;
  const time = (at: Timestamp | undefined): string | undefined =>
    at === undefined ? undefined : timestampDate(at).toISOString();
  const times = {
    startedAt: time(lifecycle?.startedAt),
    recommendedDrainAt: time(lifecycle?.recommendedDrainAt),
    expiresAt: time(lifecycle?.expiresAt),
  };
  return {
    id,
    state,
    ...(plugin !== undefined && { plugin }),
    ...(stateReason !== "" && { stateReason }),
    ...(stateMessage !== "" && { stateMessage }),
    metadata,
    ...Object.fromEntries(Object.entries(times).filter(([, at]) => at !== undefined)),
  };
}

/** A record as the console tells it, without what only the host's own tests want. */
export function logFact(plugin: string, sessionId: string, record: LogRecord): LogFact {
  const { seq, stream, message, observedAt } = record;
  return {
    plugin,
    sessionId,
    seq,
    stream,
    message,
    ...(observedAt !== undefined && { observedAt: observedAt.toISOString() }),
  };
}

/** What a plugin answered: parsed where it is JSON. */
export function parsed(body: string): JsonValue {
  try {
    return JSON.parse(body) as JsonValue;
  } catch {
    return body;
  }
}

/** An operation of a catalog as the console tells it. */
export function operationFact({ id, description, parameters }: CatalogOperation): OperationFact {
  return {
    id,
    description,
    parameters: parameters.map(({ name, type, required, description: what }) => ({
      name,
      type,
      required,
      description: what,
    })),
  };
}
