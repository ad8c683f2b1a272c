import type { HostTokens } from "../relay/index.js";

export interface InvocationClaims {
  readonly subject: string;
  readonly plugin: string;
  readonly operation: string;
  readonly requestId: string;
}

/** What a call's token stays good for. */
const lifetimeMs = 900_000;

/** The token that Execute carries: an HS256 JWT of the host, opaque to the plugin, good for 15 minutes. */
export function invocationToken(
  { subject, plugin, operation, requestId }: InvocationClaims,
  tokens: HostTokens,
): Promise<string> {
  return tokens.sign(
    subject,
    "gestalt-provider-host",
    {
      delegation_expires_at: Math.floor((Date.now() + lifetimeMs) / 1_000),
      caller_plugin: plugin,
      subject_kind: "user",
      email: "anonymous@gestalt",
      auth_source: "env",
      request_meta: {
        client_ip: "127.0.0.1",
        remote_addr: "127.0.0.1",
        user_agent: "gestalt-runtime-testkit",
      },
      credential: { mode: "none" },
      invocation: {
        request_id: requestId,
        depth: 1,
        call_chain: [`${plugin}/default/${operation}`],
        surface: "http",
      },
    },
    lifetimeMs,
  );
}
