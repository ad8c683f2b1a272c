import { mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { fixturePlugin } from "@gestalt-runtime/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { dial, refusal, startRuntime, testDirectory, type Plugin } from "../support.js";

const field = "plugins.example.execution.runtime";

async function startIn(
  provider: Awaited<ReturnType<typeof startRuntime>>,
  template: string,
  env: Record<string, string> = {},
): Promise<Plugin> {
  const { id: sessionId } = await provider.sessions.start({ pluginName: "example", template });
  await provider.sessions.waitUntilReady(sessionId);
  const { dialTarget } = await provider.runtime.startPlugin({
    ...{ sessionId, pluginName: "example", env },
    ...fixturePlugin(),
  });
  return dial(sessionId, dialTarget);
}

describe("templates", () => {
  it("SESS-3, PLUG-1, PLUG-2: a template gives a working directory and variables, and the host's come after them", async () => {
    const directory = await testDirectory();
    const folder = join(await realpath(directory), "work");
    await mkdir(folder);
    onTestFinished(() => rm(folder, { recursive: true }));
    const env = { FROM_TEMPLATE: "1", BOTH: "template", HOME: "/nowhere" };
    const templates = { tool: { workingDirectory: folder, env } };
    const provider = await startRuntime(directory, { isolation: "none", templates });
    const { execute } = await startIn(provider, "tool", { BOTH: "host" });
    expect(await execute("identity")).toMatchObject({ cwd: folder });
    const seen = (await execute("env")) as { env: Record<string, string> };
    expect(seen.env).toMatchObject({ FROM_TEMPLATE: "1", BOTH: "host" });
    // A session's home is its own, whatever a template says.
    expect(seen.env.HOME).not.toBe("/nowhere");
  });

  it("SESS-3: what can't be had is refused with the field to set or to remove, and leaves no session", async () => {
    const directory = await testDirectory();
    const templates = { tool: { root: "/" }, missing: { root: "/not/there" }, extra: { overlay: "/usr" } };
    const provider = await startRuntime(directory, {
      isolation: "none",
      templates,
      images: { tool: "/usr" },
    });
    const ask = (session: { template?: string; image?: string }) =>
      refusal(provider.runtime.startSession({ pluginName: "example", ...session }));
    const path = "runtime.providers.process.config";
    expect(await ask({ template: "tol" })).toEqual(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(
          `${field}.template names the template "tol", which this runtime has not (tool, missing, extra): add it to ${path}.templates`,
        ) as string,
      }),
    );
    expect(await ask({ template: "missing" })).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(
        `${path}.templates.missing.root is /not/there, which is no directory`,
      ) as string,
    });
    for (const [name, session] of [
      ["template", { template: "tool" }],
      ["template", { template: "extra" }],
      ["image", { image: "tool" }],
    ] as const)
      expect(await ask(session)).toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining(`${field}.${name} needs a file system of its own`) as string,
      });
    expect(await ask({ template: "__proto__" })).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect((await provider.runtime.listSessions()).sessions).toEqual([]);
  });

  it("LIFE-3: a template that contradicts itself, and a variable of the host's, are refused when configured", async () => {
    const provider = await startRuntime(await testDirectory(), undefined, {
      configure: () => Promise.resolve(),
    });
    const configure = (template: Record<string, unknown>) =>
      refusal(
        provider.lifecycle.configureProvider({
          name: "process",
          config: { templates: { t: template } } as Parameters<typeof provider.handshake>[0] & object,
          protocolVersion: 3,
        }),
      );
    expect((await configure({ root: "/a", overlay: "/b" })).message).toContain(
      "runtime.providers.process.config.templates.t has both root and overlay",
    );
    expect((await configure({ env: { GESTALT_PLUGIN_NAME: "x" } })).message).toContain("/templates/t/env");
  });
});
