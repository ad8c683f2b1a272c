import { existsSync, readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { startPlugin } from "./running-plugin.js";

it("ends by SIGTERM with 0 and removes its socket, whatever connections there are", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  await plugin.call("echo");
  expect(readdirSync(plugin.directory)).toEqual(["p.sock"]);
  plugin.child.kill("SIGTERM");
  expect(await plugin.ended).toEqual({ code: 0, signal: null });
  expect(readdirSync(plugin.directory)).toEqual([]);
});

it.each([{}, { answerFirst: true }])("exits with a code after its answer (%j)", async (first) => {
  const plugin = await startPlugin();
  await plugin.ready();
  expect(await plugin.call("exit", { code: 7, ...first })).toEqual({});
  expect(await plugin.ended).toEqual({ code: 7, signal: null });
  expect(readdirSync(plugin.directory)).toEqual([]);
});

it("exits with a code instead of an answer", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  await expect(plugin.call("exit", { code: 3, answerFirst: false })).rejects.toMatchObject({
    code: "UNAVAILABLE",
  });
  expect(await plugin.ended).toEqual({ code: 3, signal: null });
});

it.each(["SIGSEGV", "SIGABRT", "SIGKILL"] as const)("crashes by %s", async (how) => {
  const plugin = await startPlugin();
  await plugin.ready();
  await expect(plugin.call("crash", { how })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await plugin.ended).toEqual({ code: null, signal: how });
});

it("crashes after its answer", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  expect(await plugin.call("crash", { how: "SIGKILL", answerFirst: true })).toEqual({});
  expect(await plugin.ended).toEqual({ code: null, signal: "SIGKILL" });
});

it("crashes by an exception that nobody catches", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  await expect(plugin.call("crash", { how: "uncaught" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await plugin.ended).toEqual({ code: 1, signal: null });
  expect(plugin.output.stderr.toString()).toContain("the fixture plugin was asked to crash");
});

it("ignores SIGTERM when told to, and obeys again when told to", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  await plugin.call("ignore-sigterm");
  plugin.child.kill("SIGTERM");
  expect(await plugin.call("echo", { still: "here" })).toEqual({ still: "here" });
  await plugin.call("ignore-sigterm", { ignore: false });
  plugin.child.kill("SIGTERM");
  expect(await plugin.ended).toEqual({ code: 0, signal: null });
});

it("stops itself until it is continued", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  await plugin.call("stop-self");
  const state = () =>
    /^State:\t(\w)/m.exec(readFileSync(`/proc/${plugin.child.pid ?? 0}/status`, "utf8"))?.[1];
  await expect.poll(state).toBe("T");
  plugin.child.kill("SIGCONT");
  expect(await plugin.call("echo")).toEqual({});
});

it("PLUG-3: ends when the process in GESTALT_PLUGIN_PARENT_PID is not its parent", async () => {
  const own = await startPlugin({ env: { GESTALT_PLUGIN_PARENT_PID: String(process.pid) } });
  const foreign = await startPlugin({ env: { GESTALT_PLUGIN_PARENT_PID: "1" } });
  expect(await foreign.ended).toEqual({ code: 0, signal: null });
  expect(existsSync(foreign.socketPath)).toBe(false);
  await own.ready();
  expect(await own.call("echo")).toEqual({});
});
