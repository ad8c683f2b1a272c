import { spawn } from "node:child_process";
import { once } from "node:events";
import { openChannel, ProviderLifecycle } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";

/** Starts a packaged provider as the host does, and waits until it answers. */
export async function serve(
  command: string,
  args: readonly string[],
  { socket, env }: { readonly socket: string; readonly env: Readonly<Record<string, string>> },
) {
  const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const channel = openChannel(`unix:${socket}`, credentials.createInsecure());
  onTestFinished(async () => {
    channel.close();
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const lifecycle = channel.client(ProviderLifecycle);
  await Promise.race([
    lifecycle.getProviderIdentity({}, { waitForReady: true, timeoutMs: 30_000 }),
    once(child, "exit").then(() => Promise.reject(new Error(`it ended before it served:\n${stderr}`))),
  ]);
  return {
    lifecycle,
    /** Ends it as the host does, and gives its exit code. */
    async stop() {
      child.kill("SIGTERM");
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
}
