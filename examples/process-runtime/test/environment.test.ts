import { fixturePlugin } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import { dial, refusal, startPlugin, startRuntime, startSession, testDirectory } from "./support.js";

interface Environment {
  env: Record<string, string>;
  base64: Record<string, string>;
  repeated: string[];
}

describe("the plugin's environment", () => {
  it.each([
    ["pid-namespace", []],
    ["process-group", ["GESTALT_RUNTIME_TREE"]],
  ] as const)(
    "PLUG-2, PLUG-3: these names and no others arrive, each once, held together by %s",
    async (containment, ownNames) => {
      const directory = await testDirectory();
      const { PATH } = process.env;
      const safe = {
        PATH,
        LANG: "C.UTF-8",
        TZ: "Europe/Zurich",
        SSL_CERT_FILE: "/none.pem",
        SSL_CERT_DIR: "/none",
      };
      const provider = await startRuntime(
        directory,
        { containment },
        {
          operatorEnv: {
            ...safe,
            TMPDIR: directory,
            HOME: "/nowhere",
            HTTPS_PROXY: "http://secret@proxy:1",
            AWS_SECRET_ACCESS_KEY: "planted",
          },
          env: {
            API_TOKEN: "planted",
            NODE_OPTIONS: "--no-warnings",
            GESTALT_CACHE_SOCKET: "/planted",
            HTTP_PROXY: "http://planted:1",
          },
        },
      );
      const { execute } = await startPlugin(provider);
      const { env, repeated } = (await execute("env")) as unknown as Environment;
      expect(Object.keys(env).sort()).toEqual(
        [
          "GESTALT_PLUGIN_NAME",
          "GESTALT_PLUGIN_SOCKET",
          "HOME",
          "LANG",
          "PATH",
          "SSL_CERT_DIR",
          "SSL_CERT_FILE",
          "TMPDIR",
          "TZ",
          ...ownNames,
        ].sort(),
      );
      expect(env).toMatchObject(safe);
      expect(repeated).toEqual([]);
      expect(JSON.stringify(env)).not.toMatch(/planted|nowhere|secret/);
    },
  );

  it("PLUG-1, PLUG-2: what arrives is UTF-8, byte for byte, also under names that mean something to JavaScript", async () => {
    const provider = await startRuntime(await testDirectory());
    const values = ["ünï ☃ 日本 \u{1F600}", "é vs e\u0301", "\u{10FFFF}\u0001\u007F", "x".repeat(100_000)];
    const given: Record<string, string> = {
      constructor: "c",
      toString: "t",
      lower_case: "",
      "with.dots and-blanks": "1",
    };
    Object.defineProperty(given, "__proto__", { value: "p", enumerable: true });
    for (const [index, value] of values.entries()) given[`V${index}`] = value;
    const { execute } = await startPlugin(provider, { args: values, env: given });
    const { base64 } = (await execute("env")) as unknown as Environment;
    for (const [name, value] of Object.entries(given))
      expect(base64[name]).toBe(Buffer.from(value).toString("base64"));
    expect((await execute("args")).base64).toEqual(
      values.map((value) => Buffer.from(value).toString("base64")),
    );
  });

  it("PLUG-2, PLUG-3: later ones win: the safe base, the request, the bindings, the listener", async () => {
    const provider = await startRuntime(await testDirectory());
    const sessionId = await startSession(provider);
    const relay = "tcp://10.0.0.1:9000";
    await provider.runtime.bindHostService({ sessionId, envVar: "BOUND", relay: { dialTarget: relay } });
    const { dialTarget } = await provider.runtime.startPlugin({
      sessionId,
      pluginName: "the plugin's name",
      env: {
        HOME: "/home/of/the/operator's/choice",
        BOUND: "not this",
        BOUND_TOKEN: "token",
        GESTALT_PLUGIN_SOCKET: "/not/this",
        GESTALT_PLUGIN_NAME: "not this",
        // Of the plugin's parent in its guest the request can know nothing: a wrong one would end the plugin.
        GESTALT_PLUGIN_PARENT_PID: "1234567",
        GESTALT_ANYTHING_ELSE: "is the host's to set",
      },
      ...fixturePlugin(),
    });
    const { env } = (await dial(sessionId, dialTarget).execute("env")) as unknown as Environment;
    expect(env).toMatchObject({
      HOME: "/home/of/the/operator's/choice",
      BOUND: relay,
      BOUND_TOKEN: "token",
      GESTALT_PLUGIN_SOCKET: dialTarget.slice("unix://".length),
      GESTALT_PLUGIN_NAME: "the plugin's name",
      GESTALT_ANYTHING_ELSE: "is the host's to set",
    });
    expect(env).not.toHaveProperty("GESTALT_PLUGIN_PARENT_PID");
  });

  it.each([
    ["a NUL byte in a name", { env: { "A\0B": "x" } }, "has a NUL byte in it"],
    ["a NUL byte in the command", { command: "/bin/true\0" }, "command has a NUL byte"],
    ["a NUL byte after a good argument", { args: ["good", "\0"] }, "args[1] has a NUL byte"],
  ])("PLUG-6: %s is INVALID_ARGUMENT, naming the field", async (_, changes, text) => {
    const provider = await startRuntime(await testDirectory());
    const sessionId = await startSession(provider);
    const request = { sessionId, pluginName: "example", ...fixturePlugin(), ...changes };
    expect(await refusal(provider.runtime.startPlugin(request))).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(text) as string,
    });
    expect((await provider.runtime.getSession({ sessionId })).state).toBe("ready");
  });

  it("PLUG-6: a value larger than the kernel takes is refused by its name, not by what is in it", async () => {
    const provider = await startRuntime(await testDirectory());
    const sessionId = await startSession(provider);
    const { code, message } = await refusal(
      provider.runtime.startPlugin({
        sessionId,
        pluginName: "example",
        env: { LARGE: `secret${"x".repeat(200_000)}` },
        ...fixturePlugin(),
      }),
    );
    expect({ code, message }).toEqual({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("the largest is env.LARGE with 200012") as string,
    });
    expect(message).not.toContain("secret");
  });
});
