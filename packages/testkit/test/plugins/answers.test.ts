import { realpathSync } from "node:fs";
import { expect, it } from "vitest";
import { fixtureOperations } from "../../src/index.js";
import { startPlugin } from "./running-plugin.js";

it("tells its catalog: every operation of the table with its parameters", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  const { staticCatalog, minProtocolVersion, maxProtocolVersion } = await plugin.integration.getMetadata();
  expect([minProtocolVersion, maxProtocolVersion]).toEqual([3, 3]);
  expect(staticCatalog?.operations.map(({ id }) => id)).toEqual(fixtureOperations.map(({ id }) => id));
  const cache = staticCatalog?.operations.find(({ id }) => id === "cache");
  expect(cache?.parameters[0]).toMatchObject({ name: "key", type: "string", required: true });
});

it("keeps the config of StartProvider and answers with protocol version 3", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  expect(await plugin.call("config")).toEqual({ started: false });
  const answer = await plugin.integration.startProvider({
    name: "example",
    config: { greeting: "Hi", list: [1, { deep: true }] },
    protocolVersion: 3,
  });
  expect(answer.protocolVersion).toBe(3);
  expect(await plugin.call("config")).toEqual({
    started: true,
    name: "example",
    config: { greeting: "Hi", list: [1, { deep: true }] },
    protocolVersion: 3,
  });
});

it("echoes parameters, and the whole request", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  expect(await plugin.call("echo", { a: 1, b: [1, 2], é: null })).toEqual({ a: 1, b: [1, 2], é: null });
  const { body } = await plugin.integration.execute({
    operation: "request",
    params: { a: 1 },
    invocationId: "i-1",
    context: { subject: { id: "user:1", kind: "user" } },
  });
  expect(JSON.parse(body)).toEqual({
    operation: "request",
    params: { a: 1 },
    invocationId: "i-1",
    context: { subject: { id: "user:1", kind: "user" } },
  });
});

it("tells its arguments byte for byte, empty ones too", async () => {
  const args = ["", "two words", "$HOME", "'\"`", "new\nline", "žluťoučký 🐎", "--flag=x", ""];
  const plugin = await startPlugin({ args });
  await plugin.ready();
  const answer = await plugin.call("args");
  expect(answer.args).toEqual(args);
  expect(answer.base64).toEqual(args.map((arg) => Buffer.from(arg).toString("base64")));
});

it("tells bytes of arguments that are no UTF-8", async () => {
  const plugin = await startPlugin({
    wrapper: ["sh", "-c", String.raw`exec "$0" "$(printf '\377x')"`],
  });
  await plugin.ready();
  expect(await plugin.call("args")).toEqual({
    args: ["\ufffdx"],
    base64: [Buffer.from([0xff, 0x78]).toString("base64")],
  });
});

it("tells its environment byte for byte, all of it or one variable", async () => {
  const large = "é$HOME \n".repeat(12_500);
  const plugin = await startPlugin({ env: { LARGE: large, EMPTY: "", EQUALS: "a=b=c" } });
  await plugin.ready();
  const all = await plugin.call("env");
  expect(Object.keys(all.env).sort()).toEqual(
    ["EMPTY", "EQUALS", "GESTALT_PLUGIN_SOCKET", "LARGE", "PATH"].sort(),
  );
  expect(all.env).toMatchObject({ LARGE: large, EMPTY: "", EQUALS: "a=b=c" });
  expect(all.base64.LARGE).toBe(Buffer.from(large).toString("base64"));
  expect(await plugin.call("env", { name: "EQUALS" })).toEqual({
    env: { EQUALS: "a=b=c" },
    base64: { EQUALS: Buffer.from("a=b=c").toString("base64") },
    repeated: [],
  });
  expect(await plugin.call("env", { name: "NONE" })).toEqual({ env: {}, base64: {}, repeated: [] });
});

it("tells bytes of variables that are no UTF-8", async () => {
  const plugin = await startPlugin({
    wrapper: ["sh", "-c", String.raw`ODD="$(printf '\377x')" exec "$0"`],
  });
  await plugin.ready();
  const { base64 } = await plugin.call("env", { name: "ODD" });
  expect(base64).toEqual({ ODD: Buffer.from([0xff, 0x78]).toString("base64") });
});

it("tells where and as whom it runs", async () => {
  const plugin = await startPlugin({ env: { HOME: "/home/nobody", TMPDIR: "/tmp/of-its-own" } });
  await plugin.ready();
  expect(await plugin.call("identity")).toMatchObject({
    cwd: realpathSync(process.cwd()),
    uid: process.getuid?.(),
    gid: process.getgid?.(),
    home: "/home/nobody",
    tmpdir: "/tmp/of-its-own",
  });
});

it("answers after a while", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  const slow = plugin.call("sleep", { ms: 300 }).then(() => "slow");
  const quick = plugin.call("sleep", { ms: 0 }).then(() => "quick");
  expect(await Promise.race([slow, quick])).toBe("quick");
  expect(await slow).toBe("slow");
});

it.each([
  ["no-such", {}, 404, 'operation "no-such" does not exist; there are echo, request, '],
  ["log", { lines: 3 }, 400, 'log: parameter "lines" does not exist; there are count, bytes, '],
  ["log", { count: 1.5 }, 400, 'log: parameter "count" must be an integer'],
  ["log", { count: -1 }, 400, 'log: parameter "count" must be at least 0'],
  ["exit", { code: 256 }, 400, 'exit: parameter "code" must be at most 255'],
  ["log", { stream: "stdin" }, 400, 'log: parameter "stream" must be one of stdout, stderr, both'],
  ["crash", {}, 400, 'crash: parameter "how" is missing'],
  ["fetch", { url: "ftp://h/" }, 400, "fetch: url must be an http:// or https:// URL"],
  ["fetch", { url: "http://h/", proxyEnv: "NO_SUCH" }, 424, "fetch: NO_SUCH is not set"],
  ["cache", { key: "k" }, 424, "cache: GESTALT_CACHE_SOCKET is not set"],
])("refuses %s with %j as %i", async (operation, params, status, error) => {
  const plugin = await startPlugin();
  await plugin.ready();
  const answer = await plugin.execute(operation, params);
  expect(answer.status).toBe(status);
  expect((answer.body as { error: string }).error.startsWith(error)).toBe(true);
});
