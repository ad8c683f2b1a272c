import { fixturePlugin } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import { dial, refusal, startPlugin, startRuntime, startSession, testDirectory } from "./support.js";

const awkward = [
  "a b",
  "",
  "'single' \"double\" `back`",
  "$HOME ${HOME} $(id)",
  "line\nbreak\ttab\r",
  "ünï ☃ 日本 \u{1F600}",
  "--at", // looks like an option
  "*?[a]~",
  "x".repeat(100_000),
];

describe("the plugin's process", () => {
  it("PLUG-1: arguments arrive byte for byte, without a shell", async () => {
    const provider = await startRuntime(await testDirectory());
    const { execute } = await startPlugin(provider, { args: awkward });
    expect((await execute("args")).args).toEqual(awkward);
  });

  it("PLUG-2, PLUG-3: the environment is pinned name by name, and values arrive byte for byte", async () => {
    const provider = await startRuntime(await testDirectory(), undefined, {
      env: { ENTRY_SECRET: "in the provider's entry" },
    });
    const given = Object.fromEntries(awkward.map((value, index) => [`VALUE_${index}`, value]));
    const { execute, dialTarget } = await startPlugin(provider, {
      env: { ...given, GESTALT_FUTURE: "passed" },
    });
    const { env } = (await execute("env")) as { env: Record<string, string> };
    expect(Object.keys(env).sort()).toEqual(
      [
        "GESTALT_FUTURE",
        "GESTALT_PLUGIN_NAME",
        "GESTALT_PLUGIN_SOCKET",
        "HOME",
        "PATH",
        "TMPDIR",
        ...Object.keys(given),
      ].sort(),
    );
    expect(env).toMatchObject(given);
    expect(`unix://${env.GESTALT_PLUGIN_SOCKET ?? ""}`).toBe(dialTarget);
    expect(env.GESTALT_PLUGIN_NAME).toBe("example");
    expect(JSON.stringify(env)).not.toMatch(/PLANTED_SECRET|ENTRY_SECRET|operator's shell|provider's entry/);
  });

  it.each([
    ["a NUL byte in an argument", { args: ["a\0b"] }, "args[0] has a NUL byte"],
    ["a NUL byte in a value", { env: { A: "a\0b" } }, 'env["A"] has a NUL byte'],
    ["an empty name", { env: { "": "x" } }, 'env: the variable\'s name "" is empty'],
    ["a name with =", { env: { "A=B": "x" } }, 'env: the variable\'s name "A=B" has "=" in it'],
    ["an empty command", { command: "" }, "command is empty"],
  ])("PLUG-2, PLUG-6: %s is INVALID_ARGUMENT, and the session goes on", async (_, changes, text) => {
    const provider = await startRuntime(await testDirectory());
    const sessionId = await startSession(provider);
    const request = { sessionId, pluginName: "example", ...fixturePlugin() };
    expect(await refusal(provider.runtime.startPlugin({ ...request, ...changes }))).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(text) as string,
    });
    await provider.runtime.startPlugin(request);
  });

  it("PLUG-1, PLUG-8: a relative command starts at the working directory; host_binary is ignored", async () => {
    const { command, args } = fixturePlugin();
    const folder = command.slice(0, command.lastIndexOf("/"));
    const provider = await startRuntime(await testDirectory(), { workingDirectory: folder });
    const sessionId = await startSession(provider);
    const { dialTarget } = await provider.runtime.startPlugin({
      sessionId,
      pluginName: "example",
      command: "./fixture-plugin.mjs",
      args,
      hostBinary: "/nowhere/helper",
    });
    expect(await dial(sessionId, dialTarget).execute("identity")).toMatchObject({ cwd: folder });
  });

  it("PLUG-3: HOME and TMPDIR are the session's own, and private", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const [a, b] = [await startPlugin(provider), await startPlugin(provider)];
    const homes = await Promise.all(
      [a, b].map(async ({ execute }) => (await execute("identity")) as Record<string, string>),
    );
    for (const { home, tmpdir } of homes)
      expect([home, tmpdir].every((path) => path?.startsWith(directory))).toBe(true);
    expect(new Set(homes.map(({ home }) => home)).size).toBe(2);
  });
});
