import { PluginRuntimeProvider, ProviderLifecycle } from "@gestalt-runtime/sdk/protocol";
import { level1, processRuntime } from "./programs.js";
import { rowOf, type Effort, type Row } from "./row.js";
import { startSubject } from "./subject.js";

/** StartPlugin of the process runtime against a plain spawn of the same program, both until it answers HTTP/2. */
export async function measureStartPlugin({ startUpRounds }: Effort): Promise<Row[]> {
  const [floor, own]: [number[], number[]] = [[], []];
  const runtime = await startSubject(processRuntime);
  try {
    await runtime.channel.client(ProviderLifecycle).configureProvider({ name: "bench", protocolVersion: 3 });
    const client = runtime.channel.client(PluginRuntimeProvider);
    for (let round = -1; round < startUpRounds; round += 1) {
      const plain = await startSubject(level1);
      await plain.stop();
      const { id: sessionId } = await client.startSession({ pluginName: "example" });
      while ((await client.getSession({ sessionId })).state !== "ready") continue;
      const began = performance.now();
      await client.startPlugin({
        sessionId,
        pluginName: "example",
        command: process.execPath,
        args: [level1.file],
      });
      const took = performance.now() - began;
      await client.stopSession({ sessionId });
      // The first round warms the file cache.
      if (round < 0) continue;
      floor.push(plain.startUpMs);
      own.push(took);
    }
  } finally {
    await runtime.stop();
  }
  return [
    rowOf({ figure: "StartPlugin, process runtime, to a plain spawn", unit: "ms", own, floor, limit: 1.25 }),
  ];
}
