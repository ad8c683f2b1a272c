import {
  createSessionRuntime,
  defaultStateDirectory,
  hostSandbox,
  jsonSchema,
  openInstanceDirectory,
  RuntimeProviderError,
  servePluginRuntimeProvider,
} from "@gestalt-runtime/sdk";
import { detectContainment, type ContainmentKind } from "@gestalt-runtime/sdk/processes";
import schema from "../config.schema.json" with { type: "json" };
import { readConfig, sessionLimits, type ProcessRuntimeConfig } from "./config.js";
import { ProcessTreeIsolation } from "./isolation/process-tree.js";
import { endLeftoverProcesses, keepMarker } from "./leftovers.js";
import { ProcessBackend } from "./process-backend.js";
import { UnableBackend } from "./unable-backend.js";

const provider = createSessionRuntime(
  async (raw, { name, logger }) => {
    // First of all: in there, most of what follows is refused.
    const sandbox = hostSandbox();
    if (sandbox !== undefined) return new UnableBackend(sandbox.cannotHost);
    const config = readConfig(raw);
    const containment = await chooseContainment(config, (text) => logger.warn({}, text));
    const instance = await openInstanceDirectory({
      root: config.stateDir ?? defaultStateDirectory("process", name),
      removeRoot: config.stateDir === undefined,
      onLeftover: async (path) => {
        logger.warn({ path }, "cleaning up after an instance that died");
        await endLeftoverProcesses(path);
      },
    });
    return new ProcessBackend({
      instance,
      isolation: new ProcessTreeIsolation(containment, async ({ marker }) => {
        if (marker !== undefined) await keepMarker(instance.path, marker);
      }),
      workingDirectory: config.workingDirectory ?? process.cwd(),
      stopGraceMs: config.stopGraceMs,
      limits: sessionLimits(config),
    });
  },
  {
    identity: {
      displayName: "Process runtime",
      description: "Runs plugins as processes of this machine",
      version: "0.1.0",
    },
    configSchema: jsonSchema(schema),
  },
);

await servePluginRuntimeProvider(provider);

async function chooseContainment(
  { containment }: ProcessRuntimeConfig,
  warn: (text: string) => void,
): Promise<ContainmentKind> {
  const { kind, reason } = await detectContainment();
  if (containment === "pid-namespace" && kind !== containment)
    throw new RuntimeProviderError(
      "FAILED_PRECONDITION",
      `containment is pid-namespace, which can't be had here: ${reason ?? "unknown"}; install util-linux, or set containment to auto`,
    );
  if (containment !== "auto") return containment;
  if (reason !== undefined) warn(`plugins are held together by process groups: ${reason}`);
  return kind;
}
