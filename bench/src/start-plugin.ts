import { dirname } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { PluginRuntimeProvider, ProviderLifecycle } from "@gestalt-runtime/sdk/protocol";
import { level1, processRuntime } from "./programs.js";
import { absoluteRow, rowOf, type Effort, type Row } from "./row.js";
import { median } from "./statistics.js";
import { startSubject, type Subject } from "./subject.js";

/** How plugins are kept apart, and what their start says about their network. */
const ways = {
  open: { config: { isolation: "none" }, policy: {} },
  isolated: { config: { isolation: "auto" }, policy: {} },
  closed: {
    config: { isolation: "auto" },
    policy: { allowedHosts: ["api.example.com"], defaultAction: "deny" },
  },
} as const;
type Way = keyof typeof ways;

/** What isolation, and a network that is closed besides, may add to a plain spawn. */
const isolationLimitMs = 25;

/** StartPlugin of the process runtime against a plain spawn of the same program, both until it answers HTTP/2. */
export async function measureStartPlugin({ startUpRounds }: Effort): Promise<Row[]> {
  const floor: number[] = [];
  const own: Record<Way, number[]> = { open: [], isolated: [], closed: [] };
  const runtimes = new Map<Way, Subject>();
  try {
    for (const way of Object.keys(ways) as Way[]) runtimes.set(way, await startRuntime(ways[way].config));
    for (let round = -1; round < startUpRounds; round += 1) {
      const plain = await startSubject(level1);
      await plain.stop();
      // The first round warms the file cache.
      if (round >= 0) floor.push(plain.startUpMs);
      for (const [way, runtime] of runtimes) {
        const took = await startPlugin(runtime, ways[way].policy);
        if (round >= 0) own[way].push(took);
      }
    }
  } finally {
    for (const runtime of runtimes.values()) await runtime.stop();
  }
  const above = (way: Way): number => median(own[way].map((took, index) => took - (floor[index] ?? 0)));
  return [
    rowOf({
      figure: "StartPlugin, process runtime, to a plain spawn",
      unit: "ms",
      own: own.open,
      floor,
      limit: 1.25,
    }),
    absoluteRow("StartPlugin, isolated, above a plain spawn", above("isolated"), "ms", isolationLimitMs),
    absoluteRow("StartPlugin, isolated with a policy, above it", above("closed"), "ms", isolationLimitMs),
  ];
}

async function startRuntime(config: JsonObject): Promise<Subject> {
  const runtime = await startSubject(processRuntime);
  const readOnlyPaths = [dirname(level1.file)];
  await runtime.channel
    .client(ProviderLifecycle)
    .configureProvider({ name: "bench", protocolVersion: 3, config: { ...config, readOnlyPaths } });
  return runtime;
}

async function startPlugin(
  { channel }: Subject,
  policy: { allowedHosts?: readonly string[]; defaultAction?: string },
): Promise<number> {
  const client = channel.client(PluginRuntimeProvider);
  const { id: sessionId } = await client.startSession({ pluginName: "example" });
  while ((await client.getSession({ sessionId })).state !== "ready") continue;
  const { allowedHosts = [], defaultAction = "" } = policy;
  const began = performance.now();
  await client.startPlugin({
    sessionId,
    pluginName: "example",
    command: process.execPath,
    args: [level1.file],
    allowedHosts: [...allowedHosts],
    defaultAction,
  });
  const took = performance.now() - began;
  await client.stopSession({ sessionId });
  return took;
}
