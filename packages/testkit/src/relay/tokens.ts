import { createHash, randomUUID } from "node:crypto";
import { SignJWT, jwtVerify, type JWTPayload } from "jose";

/** What a relay token is good for: one service of one plugin's session. */
export interface RelayClaims {
  /** Of the plugin that was given it. */
  readonly plugin: string;
  /** The session that must still be there when it is used. */
  readonly sessionId: string;
  /** Such as `cache`. */
  readonly service: string;
  /** The variable under which the service is bound. */
  readonly envVar: string;
  /** What a method's path must begin with, such as `/gestalt.provider.v1.Cache/`. */
  readonly methodPrefix: string;
}

/** What an egress token is good for: one plugin's policy (EGR-3). */
export interface EgressClaims {
  /** Of the plugin that was given it. */
  readonly plugin: string;
  /** The session that it was made for. */
  readonly sessionId: string;
  /** Exact names and `*.suffix` patterns (EGR-1). */
  readonly allowedHosts: readonly string[];
  /** For hosts that are not listed while the list is empty. */
  readonly defaultAction: string;
}

/** What makes a token a bad one, for tests of what a host refuses. */
export interface TokenFaults {
  /** Signed with this text in place of the host's own key. */
  readonly key?: string;
  /** Default `gestaltd`. */
  readonly issuer?: string;
  /** Default: the right one of the two. */
  readonly audience?: string;
  /** From now; negative for a token that is over. Default: the host's `tokenLifetimeMs`. */
  readonly lifetimeMs?: number;
  /** From now; positive for a token that is not good yet. Default 0. */
  readonly notBeforeMs?: number;
}

const issuer = "gestaltd";
const relayAudience = "gestalt-host-service-relay";
const egressAudience = "gestalt-egress-proxy";

/** Makes and checks the host's tokens: HS256 JWTs, signed with a key that comes from `server.encryptionKey`. */
export class HostTokens {
  readonly #key: Uint8Array;
  readonly #lifetimeMs: number;

  /** Tokens of two of these with one key are good for each other. */
  constructor(encryptionKey: string, lifetimeMs: number) {
    this.#key = keyOf(encryptionKey);
    this.#lifetimeMs = lifetimeMs;
  }

  /** What a plugin finds in `<ENV_VAR>_TOKEN` (BIND-3). */
  relay(claims: RelayClaims, faults: TokenFaults = {}): Promise<string> {
    const { plugin, sessionId, service, envVar, methodPrefix } = claims;
    return this.#sign(
      service,
      relayAudience,
      { plugin, session_id: sessionId, service, env_var: envVar, method_prefix: methodPrefix },
      faults,
    );
  }

  /** The password in `HTTP_PROXY` and `HTTPS_PROXY` (EGR-3). */
  egress(claims: EgressClaims, faults: TokenFaults = {}): Promise<string> {
    const { plugin, sessionId, allowedHosts, defaultAction } = claims;
    return this.#sign(
      plugin,
      egressAudience,
      { plugin, session_id: sessionId, allowed_hosts: [...allowedHosts], default_action: defaultAction },
      faults,
    );
  }

  /** A token with other claims, such as Execute's. */
  sign(subject: string, audience: string, claims: JWTPayload, lifetimeMs: number): Promise<string> {
    return this.#sign(subject, audience, claims, { lifetimeMs });
  }

  /** @throws Error in words where it is no relay token of this host, or not good now */
  async readRelay(token: string): Promise<RelayClaims> {
    const claims = await this.#verify(token, relayAudience);
    return {
      plugin: text(claims, "plugin"),
      sessionId: text(claims, "session_id"),
      service: text(claims, "service"),
      envVar: text(claims, "env_var"),
      methodPrefix: text(claims, "method_prefix"),
    };
  }

  /** @throws Error in words where it is no egress token of this host, or not good now */
  async readEgress(token: string): Promise<EgressClaims> {
    const claims = await this.#verify(token, egressAudience);
    const hosts = claims.allowed_hosts;
    if (!Array.isArray(hosts)) throw new Error("the token's allowed_hosts is no list");
    return {
      plugin: text(claims, "plugin"),
      sessionId: text(claims, "session_id"),
      allowedHosts: hosts.map(String),
      defaultAction: text(claims, "default_action"),
    };
  }

  async #sign(subject: string, audience: string, claims: JWTPayload, faults: TokenFaults): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const seconds = (ms: number): number => now + Math.floor(ms / 1_000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer(faults.issuer ?? issuer)
      .setSubject(subject)
      .setAudience([faults.audience ?? audience])
      .setIssuedAt(now)
      .setNotBefore(seconds(faults.notBeforeMs ?? 0))
      .setExpirationTime(seconds(faults.lifetimeMs ?? this.#lifetimeMs))
      .setJti(randomUUID())
      .sign(faults.key === undefined ? this.#key : keyOf(faults.key));
  }

  async #verify(token: string, audience: string): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, this.#key, {
      algorithms: ["HS256"],
      issuer,
      audience,
      requiredClaims: ["exp", "nbf", "iat", "jti"],
    });
    return payload;
  }
}

/** Of the length that HS256 wants, whatever the operator wrote. */
function keyOf(encryptionKey: string): Uint8Array {
  return createHash("sha256").update(encryptionKey).digest();
}

function text(claims: JWTPayload, name: string): string {
  const value = claims[name];
  if (typeof value !== "string") throw new Error(`the token's ${name} is no text`);
  return value;
}
