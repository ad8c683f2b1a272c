import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogForwarder, createSessionRuntime, servePluginRuntimeProvider } from "@gestalt-runtime/sdk";
import { openProcessTree } from "@gestalt-runtime/sdk/processes";

const tree = await openProcessTree({ kind: "process-group" });

/** Level 2 with real processes that never listen: plugins are being started for as long as the bench asks. */
process.on("SIGUSR2", () => {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(join(tmpdir(), "memory"), String(heapUsed + external));
});

await servePluginRuntimeProvider(
  createSessionRuntime(
    () => ({
      traits: { kind: "bench", egress: "none", hostServices: "direct" },
      create: () => Promise.resolve({ handle: "guest", shared: { onHost: "/tmp", inGuest: "/tmp" } }),
      launch: async () => ({
        ended: (await tree.spawn({ command: "/bin/sleep", args: ["60"], env: {} })).ended,
      }),
      destroy: () => Promise.resolve("gone"),
      close: async () => {
        await tree.kill();
      },
    }),
    {
      logs: createLogForwarder({ fallback: () => undefined }),
      limits: { readyTimeoutMs: 3_000, maxSessions: 2_000 },
    },
  ),
);
