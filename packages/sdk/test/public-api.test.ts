import { expect, it } from "vitest";
import * as sdk from "../src/index.js";
import * as processes from "../src/processes/index.js";

/** Adding to these lists is a decision; taking away from them breaks somebody. */
it("the public API has these values and no others", () => {
  expect(Object.keys(sdk).sort()).toEqual([
    "RuntimeProviderError",
    "createLogForwarder",
    "createSessionRuntime",
    "createStderrLogger",
    "formatDialTarget",
    "jsonSchema",
    "jsonSchemaFile",
    "logForwarderFromEnvironment",
    "maxUnixPathBytes",
    "openInstanceDirectory",
    "parseDialTarget",
    "parseHostDialTarget",
    "pluginEnvironment",
    "probeHttp2",
    "safeBaseEnvironment",
    "servePluginRuntimeProvider",
    "waitForHttp2",
  ]);
  expect(Object.keys(processes).sort()).toEqual([
    "SpawnError",
    "detectContainment",
    "isProcessAlive",
    "killMarked",
    "openProcessTree",
    "processIdentity",
  ]);
});
