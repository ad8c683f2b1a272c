import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createEgressProxy, egressPolicy } from "@gestalt-runtime/sdk/egress";
import { expect, it, onTestFinished } from "vitest";
import { describeIsolated, isolated } from "../isolation/support.js";
import { hostLog, leftovers, processesOf, startRuntime, testDirectory } from "../support.js";
import { start } from "./start.js";

/** Something on the host's own loopback that says who it is. */
async function origin(name: string, host = "127.0.0.1"): Promise<{ server: Server; port: number }> {
  const server = createServer((_, response) => response.end(name));
  server.listen(0, host);
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

const proxyEnv = { proxyEnv: "HTTP_PROXY" };

describeIsolated("a plugin with an egress policy", () => {
  it("SUP-4, EGR-1, EGR-2, EGR-3: reaches what is listed through the session's proxy, and nothing else; the log says what was refused and why", async () => {
    const provider = await startRuntime(await testDirectory(), isolated);
    expect(await provider.runtime.getSupport()).toMatchObject({ hostServiceAccess: 2, egressMode: 3 });
    const { port } = await origin("the listed one");
    const { execute, sessionId } = await start(provider, {
      allowedHosts: ["127.0.0.1"],
      defaultAction: "deny",
      // What would lead past the proxy.
      env: { NO_PROXY: "*", no_proxy: "*", http_proxy: "" },
    });
    const url = `http://127.0.0.1:${port}/`;
    expect(await execute("fetch", { url, ...proxyEnv })).toMatchObject({ ok: true, status: 200 });
    expect(await execute("fetch", { url, connect: true, proxyEnv: "https_proxy" })).toMatchObject({
      ok: true,
    });
    expect(await execute("fetch", { url })).toMatchObject({ ok: false, code: "ECONNREFUSED" });
    expect(await execute("fetch", { url: "http://192.0.2.1/" })).toMatchObject({
      ok: false,
      code: "ENETUNREACH",
    });
    expect(await execute("fetch", { url: "http://denied.example:81/x?q=secret", ...proxyEnv })).toMatchObject(
      {
        ok: true,
        status: 403,
      },
    );
    await expect
      .poll(() => hostLog(provider, sessionId).join("\n"))
      .toContain("runtime egress refused (not-allowed): GET denied.example:81: ");
    expect(hostLog(provider, sessionId).join("\n")).not.toContain("secret");
  });

  it("EGR-4, EGR-5, SUP-4: relays are reached directly and unchanged; a list of nothing but relays closes no network", async () => {
    const provider = await startRuntime(await testDirectory(), { ...isolated, network: "host" });
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((found) => found?.family === "IPv4" && !found.internal)?.address;
    const [relay, other] = [await origin("the relay", "0.0.0.0"), await origin("another service")];
    const hosts = ["localhost", "127.0.0.1", ...(outside === undefined ? [] : [outside])];
    const relays = hosts.map((host) => `tcp://${host}:${relay.port}`);
    const closed = await start(provider, { allowedHosts: [...hosts, "api.example.com"], relays });
    for (const host of hosts)
      expect(await closed.execute("fetch", { url: `http://${host}:${relay.port}/` })).toMatchObject({
        ok: true,
        status: 200,
        body: "the relay",
      });
    expect(await closed.execute("fetch", { url: `http://127.0.0.1:${other.port}/` })).toMatchObject({
      ok: false,
    });
    const open = await start(provider, { allowedHosts: hosts, relays });
    expect(await open.execute("fetch", { url: `http://127.0.0.1:${other.port}/` })).toMatchObject({
      ok: true,
    });
    expect((await open.execute("env")).env).not.toHaveProperty("HTTP_PROXY");
  });

  it("EGR-3, EGR-5: a proxy that the request names becomes the upstream of the session's own", async () => {
    const provider = await startRuntime(await testDirectory(), isolated);
    const { port } = await origin("behind both");
    const refused: string[] = [];
    await using upstream = await createEgressProxy({
      policy: egressPolicy({ allowedHosts: ["127.0.0.1"], defaultAction: "deny" }),
      credentials: { username: "u", password: "p" },
      onDenied: ({ host }) => refused.push(String(host)),
    });
    const at = "port" in upstream.address ? upstream.address.port : 0;
    const { execute } = await start(provider, {
      allowedHosts: ["127.0.0.1", "other.example"],
      env: { HTTP_PROXY: `http://u:p@127.0.0.1:${at}` },
    });
    const { env } = (await execute("env")) as { env: Record<string, string> };
    expect([env.HTTP_PROXY, env.https_proxy]).toEqual(["http://127.52.0.1:3128", "http://127.52.0.1:3128"]);
    expect(JSON.stringify(env)).not.toContain("u:p@");
    expect(await execute("fetch", { url: `http://127.0.0.1:${port}/`, ...proxyEnv })).toMatchObject({
      body: "behind both",
    });
    expect(await execute("fetch", { url: "http://other.example/", ...proxyEnv })).toMatchObject({
      status: 403,
    });
    expect(refused).toEqual(["other.example"]);
  });

  it("EGR-3, LOGS-4: of many refusals at once some are said, and then how many more there were", async () => {
    const provider = await startRuntime(await testDirectory(), isolated);
    const { execute, sessionId } = await start(provider, { defaultAction: "deny" });
    const refusals = 60;
    const url = "http://denied.example/";
    const all = Array.from({ length: refusals }, () => execute("fetch", { url, ...proxyEnv }));
    for (const answer of await Promise.all(all)) expect(answer).toMatchObject({ status: 403 });
    await provider.runtime.stopSession({ sessionId });
    const lines = hostLog(provider, sessionId).filter((line) => line.includes("egress refused"));
    const more = lines.flatMap((line) => /egress refused: (\d+) more requests/.exec(line)?.[1] ?? []);
    const said = lines.length - more.length;
    // Ten within ten seconds, however long a busy machine takes for sixty.
    expect(said % 10).toBe(0);
    expect(said).toBeLessThan(refusals);
    expect(said + more.reduce((sum, count) => sum + Number(count), 0)).toBe(refusals);
  });

  it("EGR-2, PROC-8: vector 66, fail closed: when the way out is killed the plugin is ended and the log says why; nothing is left, and the next session starts", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory, isolated);
    await provider.runtime.stopSession({
      sessionId: (await start(provider, { defaultAction: "deny" })).sessionId,
    });
    const before = leftovers(directory);
    const { sessionId } = await start(provider, { defaultAction: "deny" });
    const helpers = processesOf(provider).filter(({ name }) => name === "socat");
    expect(helpers).toHaveLength(1);
    // The very process that listens, not one that would take its end for another's.
    for (const { pid } of helpers) process.kill(pid, "SIGKILL");
    await expect
      .poll(() => provider.runtime.getSession({ sessionId }))
      .toMatchObject({ state: "failed", stateMessage: "the plugin was ended by the signal SIGKILL" });
    await expect
      .poll(() => hostLog(provider, sessionId).join("\n"))
      .toContain("the network helper (socat) of this session has ended");
    await provider.runtime.stopSession({ sessionId });
    await expect.poll(() => leftovers(directory)).toEqual(before);
    await start(provider, { defaultAction: "deny" });
  });
});
