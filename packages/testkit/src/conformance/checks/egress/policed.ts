import { randomBytes } from "node:crypto";
import { createEgressProxy, egressPolicy, type EgressPolicyFields } from "@gestalt-runtime/sdk/egress";
import type { CheckContext, FixtureStart } from "../../check/context.js";
import { CheckBlocked } from "../../check/outcome.js";
import { owners } from "../../check/steps.js";
import type { SubjectPlugin } from "../../subject/plugin.js";
import type { SubjectSession } from "../../subject/session.js";
import { authorityOf, originHost } from "./origin.js";

const inPlain = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"] as const;
const inTunnels = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] as const;

/** What a proxy made of a request: its own answer, or the origin's. */
export interface Answer {
  /** 0 where no answer came. */
  readonly status: number;
  readonly body: string;
  /** Why there was none. */
  readonly error?: string;
}

/** The fixture plugin under an egress policy. */
export class PolicedPlugin {
  constructor(
    readonly plugin: SubjectPlugin,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** The variable that names its proxy. */
  proxyVariable(tunnel = false): string | undefined {
    return (tunnel ? inTunnels : inPlain).find((name) => (this.env[name] ?? "") !== "");
  }

  /** Asks its proxy for a URL, with an absolute URI or through a tunnel. */
  async ask(url: string, { tunnel = false } = {}): Promise<Answer> {
    const proxyEnv = this.proxyVariable(tunnel);
    if (proxyEnv === undefined)
      throw new CheckBlocked(owners.proxy, "the environment of a plugin under a policy names no proxy");
    const found = await this.plugin.execute("fetch", { url, proxyEnv, connect: tunnel, timeoutMs: 9_000 });
    if (found.ok) return { status: found.status, body: found.body };
    return { status: found.proxyStatus ?? 0, body: "", error: found.error };
  }
}

/** Starts the fixture plugin under a policy, as the host would: with relayed services it brings the host's proxy along. */
export async function policed(
  t: CheckContext,
  policy: EgressPolicyFields,
  { session, env = {}, ...start }: FixtureStart & { readonly session?: SubjectSession } = {},
): Promise<PolicedPlugin> {
  const own = session ?? (await t.session(await t.provider()));
  const proxy = t.profile.support?.hostServiceAccess === "direct" ? {} : await hostProxy(t, policy);
  const hosted = await t.relies("proxy", "StartPlugin under an egress policy", () =>
    own.startPlugin(
      t.pluginRequest({
        ...start,
        env: { ...proxy, ...env },
        ...policy,
        allowedHosts: [...policy.allowedHosts],
      }),
    ),
  );
  const plugin = await t.relies("proxy", "the dial target of a plugin under an egress policy", () =>
    t.dial(own, hosted),
  );
  return new PolicedPlugin(plugin, (await plugin.execute("env")).env);
}

/** The host's public egress proxy for one plugin, which enforces its policy itself (SUP-4, EGR-3). */
async function hostProxy(t: CheckContext, policy: EgressPolicyFields): Promise<Record<string, string>> {
  const read = egressPolicy(policy);
  if (!read.needsEnforcement) return {};
  const credentials = { username: "gestalt-egress-proxy", password: randomBytes(16).toString("hex") };
  const host = originHost(t);
  const proxy = await createEgressProxy({
    // As the host means it: names alone count, wherever they lead.
    policy: { ...read, listsExactly: () => true },
    listen: { host: /^[\d.]+$/.test(host) ? host : "0.0.0.0" },
    credentials,
  });
  t.cleanUp("close the host's egress proxy", () => proxy.close());
  const port = "port" in proxy.address ? proxy.address.port : 0;
  const url = `http://${credentials.username}:${credentials.password}@${authorityOf(host, port)}`;
  return { HTTP_PROXY: url, HTTPS_PROXY: url };
}

/** Notes where the proxy did not refuse as it must: with 403 (EGR-3). */
export function mustRefuse(t: CheckContext, what: string, { status, error }: Answer): void {
  t.expect(status === 403, `${what} was answered with ${said(status, error)}; expected 403`);
}

/** Notes where the proxy refused what the policy allows. That nobody is there may be answered with 502 or 504. */
export function mustAllow(t: CheckContext, what: string, { status, error }: Answer): void {
  t.expect(
    ![0, 400, 403, 405, 407, 501].includes(status),
    `${what} was answered with ${said(status, error)}; the policy allows it`,
  );
}

function said(status: number, error: string | undefined): string {
  return status === 0 ? `nothing (${error ?? "no reason"})` : String(status);
}
