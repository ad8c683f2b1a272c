import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { parseHostDialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import * as wire from "../gen/gestalt/provider/v1/runtime_pb.js";
import type * as plain from "../provider/types.js";
import { checkId, checkObject, checkSame, checkText, show, textsFault, wrong } from "./answer-checks.js";

/* The border: what the provider's runtime methods return is checked here before it leaves. */

const states = new Set<string>([
  "pending",
  "ready",
  "running",
  "stopped",
  "failed",
] satisfies plain.SessionState[]);

const access = {
  none: wire.PluginRuntimeHostServiceAccess.NONE,
  direct: wire.PluginRuntimeHostServiceAccess.DIRECT,
};

const egress = {
  none: wire.PluginRuntimeEgressMode.NONE,
  cidr: wire.PluginRuntimeEgressMode.CIDR,
  hostname: wire.PluginRuntimeEgressMode.HOSTNAME,
};

export function writeSupport(
  support: plain.RuntimeSupport,
  canPrepareWorkspace: boolean,
): wire.PluginRuntimeSupport {
  const where = "getSupport returned";
  checkObject(support, where);
  const {
    canHostPlugins,
    hostServiceAccess = "none",
    egressMode = "none",
    supportsPrepareWorkspace = false,
  } = support;
  if (typeof canHostPlugins !== "boolean")
    throw wrong(`${where} canHostPlugins ${show(canHostPlugins)}; it is true or false`);
  if (!Object.hasOwn(access, hostServiceAccess))
    throw wrong(`${where} hostServiceAccess ${show(hostServiceAccess)}; it is "none" or "direct"`);
  if (!Object.hasOwn(egress, egressMode))
    throw wrong(`${where} egressMode ${show(egressMode)}; it is "none", "cidr" or "hostname"`);
  if (supportsPrepareWorkspace && !canPrepareWorkspace)
    throw wrong(
      `${where} supportsPrepareWorkspace, but the provider has no prepareWorkspace method (WORK-1)`,
    );
  return create(wire.PluginRuntimeSupportSchema, {
    canHostPlugins,
    hostServiceAccess: access[hostServiceAccess],
    egressMode: egress[egressMode],
    supportsPrepareWorkspace,
  });
}

/** Checks and writes the session that StartSession made: its metadata has to hold what was asked for (SESS-2). */
export function writeStartedSession(
  session: plain.Session,
  metadata: plain.StringMap,
): wire.PluginRuntimeSession {
  const written = writeSession(session, "startSession returned");
  for (const [key, value] of Object.entries(metadata)) {
    if (written.metadata[key] !== value)
      throw wrong(
        `startSession returned session ${show(session.id)} with metadata ${show(key)} = ${show(written.metadata[key])}; give back ${show(value)}, as it came (SESS-2)`,
      );
  }
  return written;
}

/** Checks and writes one session; with `expectedId`, it must be the one that was asked for. */
export function writeSession(
  session: plain.Session,
  where: string,
  expectedId?: string,
): wire.PluginRuntimeSession {
  checkObject(session, where);
  const { id, state, metadata = {}, lifecycle, stateReason = "", stateMessage = "" } = session;
  if (typeof id !== "string" || id === "")
    throw wrong(`${where} a session with the id ${show(id)}; it is a non-empty string (SESS-1)`);
  if (expectedId !== undefined && id !== expectedId)
    throw wrong(`${where} session ${show(id)}, but ${show(expectedId)} was asked for`);
  if (!states.has(state))
    throw wrong(
      `${where} session ${show(id)} in the state ${show(state)}; the host knows ${[...states].join(", ")}`,
    );
  // The hot path (SESS-5): no text and no closure is made before something is wrong.
  const fault = textsFault(metadata);
  if (fault !== undefined) throw wrong(`${where} session ${show(id)} with metadata ${fault}`);
  if (typeof stateReason !== "string" || typeof stateMessage !== "string") {
    checkText(stateReason, `${where} session ${show(id)} with stateReason`);
    checkText(stateMessage, `${where} session ${show(id)} with stateMessage`);
  }
  const message: MessageInitShape<typeof wire.PluginRuntimeSessionSchema> = {
    id,
    state,
    metadata,
    stateReason,
    stateMessage,
  };
  if (lifecycle !== undefined) message.lifecycle = writeLifecycle(lifecycle, where, id);
  return create(wire.PluginRuntimeSessionSchema, message);
}

/** Writes a list in bytewise id order, each session once (SESS-7). */
export function writeSessions(sessions: readonly plain.Session[]): wire.ListPluginRuntimeSessionsResponse {
  const where = "listSessions returned";
  if (!Array.isArray(sessions)) throw wrong(`${where} ${show(sessions)}; it is an array of sessions`);
  const written = (sessions as readonly plain.Session[]).map((session) => writeSession(session, where));
  const seen = new Set<string>();
  for (const { id } of written) {
    if (seen.has(id))
      throw wrong(`${where} session ${show(id)} twice; each live session is listed once (SESS-7)`);
    seen.add(id);
  }
  written.sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  return create(wire.ListPluginRuntimeSessionsResponseSchema, { sessions: written });
}

export function writeBinding(
  binding: plain.HostServiceBinding,
  asked: plain.BindHostServiceRequest,
): wire.PluginRuntimeHostServiceBinding {
  const where = "bindHostService returned";
  checkObject(binding, where);
  checkId(binding.id, where);
  checkSame(binding.sessionId, asked.sessionId, `${where} sessionId`);
  checkSame(binding.envVar, asked.envVar, `${where} envVar`);
  checkSame(binding.relayTarget, asked.relayTarget, `${where} relayTarget`);
  return create(wire.PluginRuntimeHostServiceBindingSchema, {
    id: binding.id,
    sessionId: asked.sessionId,
    envVar: asked.envVar,
    relay: { dialTarget: asked.relayTarget },
  });
}

export function writePlugin(plugin: plain.HostedPlugin, asked: plain.StartPluginRequest): wire.HostedPlugin {
  const where = "startPlugin returned";
  checkObject(plugin, where);
  checkId(plugin.id, where);
  checkSame(plugin.sessionId, asked.sessionId, `${where} sessionId`);
  checkSame(plugin.pluginName, asked.pluginName, `${where} pluginName`);
  if (typeof plugin.dialTarget !== "string")
    throw wrong(`${where} the dialTarget ${show(plugin.dialTarget)}; it is a string`);
  try {
    parseHostDialTarget(plugin.dialTarget, "dialTarget");
  } catch (error) {
    throw wrong(`${where} a wrong ${RuntimeProviderError.from(error, where).message}`, error);
  }
  return create(wire.HostedPluginSchema, {
    id: plugin.id,
    sessionId: asked.sessionId,
    pluginName: asked.pluginName,
    dialTarget: plugin.dialTarget,
  });
}

export function writeWorkspace(
  workspace: plain.PreparedWorkspace,
): wire.PreparePluginRuntimeWorkspaceResponse {
  const where = "prepareWorkspace returned";
  checkObject(workspace, where);
  const { root, cwd } = workspace;
  for (const [field, path] of Object.entries({ root, cwd }))
    if (typeof path !== "string" || !path.startsWith("/"))
      throw wrong(`${where} the ${field} ${show(path)}; it is an absolute path in the guest (WORK-2)`);
  const inside = cwd === root || cwd.startsWith(root.endsWith("/") ? root : `${root}/`);
  if (!inside || cwd.split("/").includes(".."))
    throw wrong(`${where} the cwd ${show(cwd)} outside of its root ${show(root)} (WORK-2)`);
  return create(wire.PreparePluginRuntimeWorkspaceResponseSchema, { workspace: { root, cwd } });
}

function writeLifecycle(
  lifecycle: plain.SessionLifecycle,
  where: string,
  id: string,
): wire.PluginRuntimeSessionLifecycle {
  if (!isObject(lifecycle)) checkObject(lifecycle, placeOf(where, id));
  const times: { startedAt?: Timestamp; recommendedDrainAt?: Timestamp; expiresAt?: Timestamp } = {};
  let before: { field: string; ms: number } | undefined;
  for (const field of ["startedAt", "recommendedDrainAt", "expiresAt"] as const) {
    const date = lifecycle[field];
    if (date === undefined) continue;
    const ms = date instanceof Date ? date.getTime() : Number.NaN;
    if (Number.isNaN(ms))
      throw wrong(`${placeOf(where, id)}.${field} ${show(date)}; it is a valid Date, or left out`);
    if (ms <= 0)
      throw wrong(
        `${placeOf(where, id)}.${field} ${show(date)}, which the host takes for expired; leave it out (SESS-9)`,
      );
    if (before !== undefined && ms < before.ms)
      throw wrong(`${placeOf(where, id)}.${field} before lifecycle.${before.field} (SESS-9)`);
    before = { field, ms };
    times[field] = timestampFromDate(date);
  }
  return create(wire.PluginRuntimeSessionLifecycleSchema, times);
}

function placeOf(where: string, id: string): string {
  return `${where} session ${show(id)} with lifecycle`;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
