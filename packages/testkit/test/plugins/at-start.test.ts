import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { probeHttp2 } from "@gestalt-runtime/sdk";
import { startCache } from "./cache-service.js";
import { isRunning, startPlugin } from "./running-plugin.js";

it("exits at once with a code, after a text on stderr", async () => {
  const plugin = await startPlugin({ atStart: ["stderr:cannot find my key; giving up", "exit:7"] });
  expect(await plugin.ended).toEqual({ code: 7, signal: null });
  await expect.poll(() => plugin.output.stderr.toString()).toBe("cannot find my key; giving up\n");
  expect(readdirSync(plugin.directory)).toEqual([]);
});

it("takes the same from its environment", async () => {
  const plugin = await startPlugin({ env: { FIXTURE_AT_START: "stdout:out;exit:9" } });
  expect(await plugin.ended).toEqual({ code: 9, signal: null });
  await expect.poll(() => plugin.output.stdout.toString()).toBe("out\n");
});

it("crashes at start", async () => {
  const plugin = await startPlugin({ atStart: ["crash:SIGSEGV"] });
  expect(await plugin.ended).toEqual({ code: null, signal: "SIGSEGV" });
});

it("lives without listening, and still ends by SIGTERM", async () => {
  const plugin = await startPlugin({ atStart: ["no-listen", "stdout:up"] });
  await expect.poll(() => plugin.output.stdout.toString()).toBe("up\n");
  expect(readdirSync(plugin.directory)).toEqual([]);
  plugin.child.kill("SIGTERM");
  expect(await plugin.ended).toEqual({ code: 0, signal: null });
});

it("listens late", async () => {
  const plugin = await startPlugin({ atStart: ["stdout:waiting", "listen-late:700"] });
  await expect.poll(() => plugin.output.stdout.toString()).toBe("waiting\n");
  expect(existsSync(plugin.socketPath)).toBe(false);
  await plugin.ready();
  expect(await plugin.call("echo")).toEqual({});
});

it.each([
  ["no-http2", "not-http2"],
  ["silent", "silent"],
] as const)("listens without HTTP/2 (%s)", async (how, answer) => {
  const plugin = await startPlugin({ atStart: [how] });
  await expect.poll(() => existsSync(plugin.socketPath)).toBe(true);
  expect(await probeHttp2({ type: "unix", path: plugin.socketPath }, 500)).toBe(answer);
  plugin.child.kill("SIGTERM");
  expect(await plugin.ended).toEqual({ code: 0, signal: null });
  expect(readdirSync(plugin.directory)).toEqual([]);
});

it("ignores SIGTERM from the start", async () => {
  const plugin = await startPlugin({ atStart: ["ignore-sigterm"] });
  await plugin.ready();
  plugin.child.kill("SIGTERM");
  expect(await plugin.call("echo", { a: 1 })).toEqual({ a: 1 });
});

it("reads the cache at boot, and ends with 1 when it can't", async () => {
  const cache = await startCache();
  cache.entries.set("greeting", Buffer.from("hello"));
  const plugin = await startPlugin({
    atStart: ["cache:greeting"],
    env: { GESTALT_CACHE_SOCKET: cache.address },
  });
  await plugin.ready();
  expect((await plugin.call("boot")).cache).toEqual({ found: true, value: "hello" });
  const without = await startPlugin({ atStart: ["cache:greeting"] });
  expect(await without.ended).toEqual({ code: 1, signal: null });
  await expect
    .poll(() => without.output.stderr.toString())
    .toBe("fixture plugin: cache: GESTALT_CACHE_SOCKET is not set\n");
});

it("forks children at start", async () => {
  const plugin = await startPlugin({
    atStart: ["fork:plain", "fork:session,ignore-sigterm", "fork:daemon"],
  });
  await plugin.ready();
  const { children } = await plugin.call("boot");
  for (const { pid } of children) plugin.adopt(pid);
  expect(children.map(({ kind }) => kind)).toEqual(["plain", "session", "daemon"]);
  expect(children.map(({ pid }) => isRunning(pid))).toEqual([true, true, true]);
  expect(plugin.output.stdout.toString()).toBe(
    children.map(({ kind, pid }) => `forked ${kind} ${pid}\n`).join(""),
  );
});

it.each(["sleep", "fork:thread", "exit:soon", "crash:loudly"])(
  "refuses to start with %s",
  async (unknown) => {
    const plugin = await startPlugin({ env: { FIXTURE_AT_START: unknown } });
    expect(await plugin.ended).toEqual({ code: 1, signal: null });
    await expect.poll(() => plugin.output.stderr.toString()).toContain(unknown.split(":").at(-1));
  },
);

it("takes unix:// in GESTALT_PLUGIN_SOCKET", async () => {
  const plugin = await startPlugin({ scheme: "unix://" });
  await plugin.ready();
  expect(await plugin.call("echo")).toEqual({});
});

it("replaces a stale socket, but nothing else", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  plugin.child.kill("SIGKILL");
  await plugin.ended;
  expect(existsSync(plugin.socketPath)).toBe(true);
  const second = await startPlugin({ env: { GESTALT_PLUGIN_SOCKET: plugin.socketPath } });
  await plugin.ready();
  second.child.kill("SIGTERM");
  await second.ended;
  await writeFile(plugin.socketPath, "precious");
  const third = await startPlugin({ env: { GESTALT_PLUGIN_SOCKET: plugin.socketPath } });
  expect(await third.ended).toEqual({ code: 1, signal: null });
  expect(readdirSync(plugin.directory)).toEqual(["p.sock"]);
});

it("listens on the longest path that there is", async () => {
  const probe = await startPlugin({ atStart: ["exit:0"] });
  const room = 107 - Buffer.byteLength(join(probe.directory, "/"));
  const plugin = await startPlugin({ socketName: "s".repeat(room) });
  expect(Buffer.byteLength(plugin.socketPath)).toBe(107);
  await plugin.ready();
  const short = await startPlugin({ socketName: "s" });
  await short.ready();
  const long = await startPlugin({ socketName: "s".repeat(room + 1) });
  expect(await long.ended).toEqual({ code: 1, signal: null });
});

it("names the variable that it misses", async () => {
  const plugin = await startPlugin({ env: { GESTALT_PLUGIN_SOCKET: "" } });
  expect(await plugin.ended).toEqual({ code: 1, signal: null });
  await expect
    .poll(() => plugin.output.stderr.toString())
    .toBe("fixture plugin: GESTALT_PLUGIN_SOCKET is not set\n");
});
