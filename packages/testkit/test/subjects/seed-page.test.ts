import { expect, it } from "vitest";
import { fixturePlugin, startGestaltd } from "../../src/index.js";
import { operatorEnv, subjectFolder } from "./subject-run.js";
import { commandOf, seedPage } from "./subjects.js";

it("PLUG-4: a host starts the seed page's provider, gets every answer, and can't reach the plugin that it never started", async () => {
  const folder = await subjectFolder();
  await using gestaltd = await startGestaltd({
    tmpDir: folder,
    operatorEnv: operatorEnv(folder),
    runtimeProviders: { example: { command: commandOf(seedPage) } },
    plugins: { one: { ...fixturePlugin() }, two: { ...fixturePlugin() } },
    times: { pluginReadyMs: 500 },
  });
  for (const name of ["one", "two"])
    expect(gestaltd.outcomes.get(name)).toMatchObject({
      status: "skipped",
      failure: "dial-timeout",
      message: `the plugin's dial target "unix:///tmp/example-runtime/plugin.sock" did not get ready within 500 ms`,
    });
  const sessions = gestaltd.trace.calls
    .filter(({ method }) => method.endsWith("/BindHostService"))
    .map(({ request }) => (request as { sessionId: string }).sessionId);
  expect(new Set(sessions)).toEqual(new Set(["session-1"]));
  expect(await gestaltd.stop()).toMatchObject({ example: { code: 0, killed: false } });
});
