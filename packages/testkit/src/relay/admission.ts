import { timestampDate } from "@bufbuild/protobuf/wkt";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";
import type { RelayedSessions } from "./sessions.js";
import type { HostTokens, RelayClaims } from "./tokens.js";

/** A relayed call that was let through: whose it is, and where it goes. */
export interface AdmittedCall {
  readonly claims: RelayClaims;
  /** The Unix socket of its service. */
  readonly path: string;
}

const liveStates = ["pending", "ready", "running"];

/**
 * Checks a relayed call: token, method, service, session, in this order.
 *
 * @param method the call's path, such as `/gestalt.provider.v1.Cache/Get`
 * @param signal aborted when the caller gives up; the session's check ends with it
 * @throws {@link RuntimeProviderError} UNAUTHENTICATED, PERMISSION_DENIED or UNAVAILABLE, as the host answers
 */
export async function admitCall(
  { token, method }: { readonly token: string; readonly method: string },
  { tokens, sessions }: { readonly tokens: HostTokens; readonly sessions: RelayedSessions },
  signal: AbortSignal,
): Promise<AdmittedCall> {
  const claims = await claimsOf(token, tokens);
  if (claims.methodPrefix === "" || !method.startsWith(claims.methodPrefix))
    throw new RuntimeProviderError(
      "PERMISSION_DENIED",
      `the token of ${claims.envVar} is good for ${claims.methodPrefix} alone, not for ${method}`,
    );
  const session = sessions.find(claims.plugin, claims.sessionId);
  const path = session?.services.get(claims.envVar);
  if (session === undefined || path === undefined)
    throw new RuntimeProviderError(
      "UNAVAILABLE",
      `there is no ${claims.envVar} of ${claims.plugin} in session ${claims.sessionId} on this host now`,
    );
  checkSession(await confirmed(session.getSession(signal), claims), claims);
  return { claims, path };
}

async function claimsOf(token: string, tokens: HostTokens): Promise<RelayClaims> {
  try {
    return await tokens.readRelay(token);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RuntimeProviderError("UNAUTHENTICATED", `the relay token is refused: ${why}`, { cause });
  }
}

async function confirmed(
  answer: Promise<PluginRuntimeSession>,
  claims: RelayClaims,
): Promise<PluginRuntimeSession> {
  try {
    return await answer;
  } catch (cause) {
    const { code, message } = RuntimeProviderError.from(cause, "GetSession");
    throw unconfirmed(claims, `GetSession failed with ${code}: ${message}`, cause);
  }
}

function checkSession({ state, metadata, lifecycle }: PluginRuntimeSession, claims: RelayClaims): void {
  const owner = metadata.provider_name;
  if (owner !== claims.plugin)
    throw unconfirmed(
      claims,
      `its metadata's provider_name is ${owner === undefined ? "missing" : JSON.stringify(owner)} (SESS-2)`,
    );
  if (!liveStates.includes(state)) throw unconfirmed(claims, `it is ${JSON.stringify(state)}`);
  const { expiresAt } = lifecycle ?? {};
  // A zero timestamp is 1970 and means expired (SESS-9).
  if (expiresAt !== undefined && timestampDate(expiresAt).getTime() <= Date.now())
    throw unconfirmed(claims, `it expired at ${timestampDate(expiresAt).toISOString()} (SESS-9)`);
}

function unconfirmed({ plugin, sessionId }: RelayClaims, why: string, cause?: unknown): RuntimeProviderError {
  return new RuntimeProviderError(
    "UNAUTHENTICATED",
    `the session ${JSON.stringify(sessionId)} of ${plugin} is not confirmed: ${why}`,
    cause === undefined ? {} : { cause },
  );
}
