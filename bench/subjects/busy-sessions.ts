import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createLogForwarder,
  createSessionRuntime,
  servePluginRuntimeProvider,
  type Ended,
} from "@gestalt-runtime/sdk";

const children = new Set<number>();

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
      launch: async () => {
        const child = spawn("sleep", ["60"], { stdio: "ignore" });
        await once(child, "spawn");
        children.add(child.pid ?? 0);
        const ended = once(child, "exit").then((): Ended => {
          children.delete(child.pid ?? 0);
          return { how: "exit", code: 0 };
        });
        return { ended };
      },
      destroy: () => Promise.resolve("gone"),
      close: () => {
        for (const pid of children) process.kill(pid, "SIGKILL");
        return Promise.resolve();
      },
    }),
    {
      logs: createLogForwarder({ fallback: () => undefined }),
      limits: { readyTimeoutMs: 3_000, maxSessions: 2_000 },
    },
  ),
);
