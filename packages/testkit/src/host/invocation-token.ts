import { createHmac, randomUUID } from "node:crypto";

export interface InvocationClaims {
  readonly subject: string;
  readonly plugin: string;
  readonly operation: string;
  readonly requestId: string;
}

/** What a call's token stays good for. */
const lifetimeSeconds = 900;

/** The token that Execute carries: an HS256 JWT of the host, opaque to the plugin, good for 15 minutes. */
export function invocationToken(
  { subject, plugin, operation, requestId }: InvocationClaims,
  key: string,
): string {
  const issuedAt = Math.floor(Date.now() / 1000);
  return sign(
    {
      iss: "gestaltd",
      sub: subject,
      aud: ["gestalt-provider-host"],
      exp: issuedAt + lifetimeSeconds,
      nbf: issuedAt,
      iat: issuedAt,
      jti: randomUUID(),
      delegation_expires_at: issuedAt + lifetimeSeconds,
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
    key,
  );
}

function sign(claims: object, key: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}
