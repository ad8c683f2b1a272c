import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { Client, credentials, Server, ServerCredentials, type handleUnaryCall } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createEgressProxy,
  enforcedEgress,
  type EgressEvent,
  type EgressProxy,
} from "../../src/egress/index.js";
import { createLogForwarder, createSessionRuntime, egressPolicy } from "../../src/index.js";
import { openProcessTree, type ProcessTree } from "../../src/processes/index.js";
import { fixture } from "../serve/provider-process.js";
import { serve } from "../services/serve-in-process.js";
import { certificate } from "./certificate.js";
import { listen, originHost } from "./support.js";

const relayVariable = "GESTALT_CACHE_SOCKET";
const token = "planted-relay-token";
const otherHost = "127.0.0.10";

const bytes = (value: Buffer): Buffer => value;
const wire = {
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
} as const;

/** A gRPC server that answers with what it was told, and with the relay token that came along. */
async function startEcho(
  host: string,
  tls = false,
): Promise<{ readonly port: number; readonly peers: string[] }> {
  const peers: string[] = [];
  const server = new Server();
  const say: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    peers.push(call.getPeer());
    const [sent = "none"] = call.metadata.get("x-gestalt-host-service-relay-token");
    callback(null, Buffer.from(`${String(call.request)} with ${String(sent)}`));
  };
  server.addService({ say: { ...wire, path: "/test.Echo/Say" } }, { say });
  onTestFinished(() => server.forceShutdown());
  const pair = { cert_chain: Buffer.from(certificate.cert), private_key: Buffer.from(certificate.key) };
  const trusted = tls ? ServerCredentials.createSsl(null, [pair]) : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${host}:0`, trusted, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, peers };
}

/** The host's own egress proxy, which StartPlugin's environment names: it leads everywhere but to relays (SUP-4). */
async function startHostProxy(): Promise<{ url: string; asked: string[]; resolved: string[] }> {
  const [asked, resolved]: [string[], string[]] = [[], []];
  const proxy = await createEgressProxy({
    policy: egressPolicy({ allowedHosts: ["listed.test", otherHost], defaultAction: "deny" }),
    credentials: { username: "gestalt-egress-proxy", password: "planted-egress-token" },
    resolve: (host) => {
      resolved.push(host);
      return Promise.resolve([otherHost]);
    },
    onDenied: ({ host = "?" }) => asked.push(host),
  });
  onTestFinished(() => proxy.close());
  if (!("port" in proxy.address)) expect.fail("it listens on TCP");
  const { host, port } = proxy.address;
  return { url: `http://gestalt-egress-proxy:planted-egress-token@${host}:${port}`, asked, resolved };
}

/** A level-2 runtime that gives every session a proxy of its own, and what was seen of these. */
class EnforcingRuntime {
  readonly denied: EgressEvent[] = [];
  readonly failed: EgressEvent[] = [];
  readonly proxies: EgressProxy[] = [];
  /** Connections that plugins have made to the session's proxy. */
  connections = 0;
  readonly #trees = new Map<string, ProcessTree>();

  constructor(private readonly relays: "direct" | "proxied") {}

  readonly provider = createSessionRuntime<string>(
    () => ({
      traits: { kind: "enforcing", egress: "hostname", hostServices: "relay", needs: "nothing" },
      create: async () => {
        const directory = await mkdtemp("/tmp/enf-");
        this.#trees.set(directory, await openProcessTree());
        return { handle: directory, shared: { onHost: directory, inGuest: directory } };
      },
      launch: async (directory, plugin) => {
        const enforced = enforcedEgress({ ...plugin.egress, env: plugin.env });
        let { env } = plugin;
        if (enforced !== undefined) {
          const own = { username: "session", password: "planted-session-password" };
          const proxy = await createEgressProxy({
            ...enforced.proxy,
            credentials: own,
            onDenied: (event) => this.denied.push(event),
            onFailed: (event) => this.failed.push(event),
          });
          this.proxies.push(proxy);
          const port = await this.#countBefore(proxy);
          env = enforced.environment({
            proxy: { host: "127.0.0.1", port, credentials: own },
            relays: this.relays,
          });
        }
        const tree = this.#trees.get(directory);
        if (tree === undefined) throw new Error("the session was stopped");
        const child = await tree.spawn({ command: plugin.command, args: plugin.args, env });
        plugin.io.consume("stdout", child.stdout);
        plugin.io.consume("stderr", child.stderr);
        return { ended: child.ended };
      },
      destroy: async (directory) => {
        await this.#trees.get(directory)?.stop({ graceMs: 200 });
        await Promise.all(this.proxies.map((proxy) => proxy.close()));
        await rm(directory, { recursive: true, force: true });
        return "gone";
      },
    }),
    { logs: createLogForwarder({ fallback: () => undefined }) },
  );

  /** Leads to a proxy, and counts who comes. */
  async #countBefore({ address }: EgressProxy): Promise<number> {
    const server = createServer((client) => {
      this.connections += 1;
      const onward = connect(address);
      client.on("error", () => onward.destroy());
      onward.on("error", () => client.destroy());
      client.pipe(onward).pipe(client);
    });
    onTestFinished(() => void server.close());
    return listen(server, "127.0.0.1");
  }
}

type Errand = Readonly<Record<"target" | "relay" | "url" | "env", string>>;

async function startSession(
  runtime: EnforcingRuntime,
  request: {
    relayPort: number;
    allowedHosts: string[];
    defaultAction?: string;
    env?: Record<string, string>;
  },
): Promise<(errand: Partial<Errand>) => Promise<string>> {
  const folder = await mkdtemp("/tmp/enf-ca-");
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "ca.pem"), certificate.cert);
  const served = await serve(runtime.provider, { configure: true });
  const session = await served.runtime.startSession({ pluginName: "p", metadata: { provider_name: "p" } });
  onTestFinished(async () => {
    await served.runtime.stopSession({ sessionId: session.id });
  });
  await expect
    .poll(async () => (await served.runtime.getSession({ sessionId: session.id })).state)
    .toBe("ready");
  const target = `tls://${originHost}:${request.relayPort}`;
  await served.runtime.bindHostService({
    sessionId: session.id,
    envVar: relayVariable,
    relay: { dialTarget: target },
  });
  const { dialTarget } = await served.runtime.startPlugin({
    sessionId: session.id,
    pluginName: "p",
    command: fixture("proxied-plugin"),
    // The host adds the relay's host by itself (EGR-5).
    allowedHosts: [...request.allowedHosts, originHost],
    defaultAction: request.defaultAction ?? "deny",
    env: { [`${relayVariable}_TOKEN`]: token, SSL_CERT_FILE: join(folder, "ca.pem"), ...request.env },
  });
  const client = new Client(dialTarget.replace("unix://", "unix:"), credentials.createInsecure(), {
    "grpc.default_authority": "localhost",
  });
  onTestFinished(() => client.close());
  const ask = (errand: Partial<Errand>): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = Buffer.from(JSON.stringify(errand));
      client.makeUnaryRequest("/test.Errands/Run", bytes, bytes, request, (error, answer) =>
        error === null ? resolve(String(answer)) : reject(error),
      );
    });
  // The binding's variable is as the host gave it, whatever is enforced (BIND-3).
  expect(await ask({ env: relayVariable })).toBe(target);
  return ask;
}

describe("a session whose egress is enforced", () => {
  it("EGR-4, SUP-4: its plugin dials a relay itself, and everything else goes through the proxies", async () => {
    const [relay, listed] = [await startEcho(originHost, true), await startEcho(otherHost)];
    const hostProxy = await startHostProxy();
    const runtime = new EnforcingRuntime("direct");
    const ask = await startSession(runtime, {
      relayPort: relay.port,
      allowedHosts: ["listed.test"],
      env: { HTTP_PROXY: hostProxy.url, HTTPS_PROXY: hostProxy.url, no_proxy: "listed.test,evil.test" },
    });
    expect(await ask({ relay: relayVariable })).toBe(`hello with ${token}`);
    expect(runtime.connections).toBe(0);

    expect(await ask({ target: `listed.test:${listed.port}` })).toBe("hello with none");
    expect(runtime.connections).toBe(1);
    // The name went through both, and the second one looked it up.
    expect(hostProxy.resolved).toEqual(["listed.test"]);

    expect(await ask({ target: `evil.test:${listed.port}` })).toMatch(
      /^error: .*(UNAVAILABLE|DEADLINE_EXCEEDED)/,
    );
    expect(await ask({ url: `http://evil.test:${listed.port}/` })).toBe("403");
    expect(runtime.denied).toContainEqual(
      expect.objectContaining({ host: "evil.test", reason: "not-allowed" }),
    );
    expect(hostProxy.asked).toEqual([]);
    expect(listed.peers).toHaveLength(1);

    // Without its proxy the session reaches its relay, and nothing else.
    await Promise.all(runtime.proxies.map((proxy) => proxy.close()));
    expect(await ask({ relay: relayVariable })).toBe(`hello with ${token}`);
    expect(await ask({ target: `listed.test:${listed.port}` })).toMatch(/^error:/);
    expect(listed.peers).toHaveLength(1);
    expect(hostProxy.asked).toEqual([]);
  });

  it("EGR-4: where the proxy is the only way out, it leads to the relay itself and not through the host's", async () => {
    const [relay, listed] = [await startEcho(originHost, true), await startEcho(otherHost)];
    const hostProxy = await startHostProxy();
    const runtime = new EnforcingRuntime("proxied");
    const ask = await startSession(runtime, {
      relayPort: relay.port,
      allowedHosts: ["listed.test"],
      env: { HTTP_PROXY: hostProxy.url, HTTPS_PROXY: hostProxy.url },
    });
    expect(await ask({ relay: relayVariable })).toBe(`hello with ${token}`);
    expect(runtime.connections).toBe(1);
    expect(hostProxy.asked).toEqual([]);
    expect(await ask({ target: `listed.test:${listed.port}` })).toBe("hello with none");
    // Another port of the relay's host is no relay: the host's proxy is asked, and refuses it.
    expect(await ask({ url: `http://${originHost}:${listed.port}/` })).toBe("403");
    expect(hostProxy.asked).toEqual([originHost]);
    await Promise.all(runtime.proxies.map((proxy) => proxy.close()));
    expect(await ask({ relay: relayVariable })).toMatch(/^error:/);
  });

  it("EGR-5: leaves a plugin alone whose list names nothing but the relay", async () => {
    const relay = await startEcho(originHost, true);
    const runtime = new EnforcingRuntime("proxied");
    const ask = await startSession(runtime, { relayPort: relay.port, allowedHosts: [], defaultAction: "" });
    expect(await ask({ relay: relayVariable })).toBe(`hello with ${token}`);
    expect(await ask({ env: "http_proxy" })).toBe("not set");
    expect(await ask({ env: "NO_PROXY" })).toBe("not set");
  });
});
