import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseDialTarget, probeHttp2, waitForHttp2, type Bridge } from "../../src/index.js";
import { IntegrationProvider, openChannel, type ProtocolChannel } from "../../src/protocol/index.js";
import { firstPair, listenAt, startBridge, temporaryFolder } from "./support.js";

const program = fileURLToPath(new URL("../../../testkit/dist/plugins/fixture-plugin.mjs", import.meta.url));

/** A plugin on a Unix socket, as a guest's. */
async function startPlugin(): Promise<{ target: string; kill: () => Promise<void> }> {
  if (!existsSync(program))
    throw new Error(`${program} is missing; run pnpm --filter @gestalt-runtime/testkit build`);
  const path = join(temporaryFolder(), "p.sock");
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, GESTALT_PLUGIN_SOCKET: path },
    stdio: "ignore",
  });
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = (): Promise<void> => {
    child.kill("SIGKILL");
    return exit;
  };
  onTestFinished(kill);
  await waitForHttp2({ type: "unix", path }, { signal: AbortSignal.timeout(20_000) });
  return { target: `unix://${path}`, kill };
}

/** Dials as the host does (DIAL-4). */
function channel({ target }: Bridge): ProtocolChannel {
  const parsed = parseDialTarget(target);
  const opened =
    parsed.type === "unix"
      ? openChannel(`unix:${parsed.path}`, credentials.createInsecure())
      : parsed.type === "tcp"
        ? openChannel(`dns:${parsed.host}:${parsed.port}`, credentials.createInsecure())
        : openChannel(
            `dns:${parsed.host}:${parsed.port}`,
            credentials.createSsl(Buffer.from(firstPair.cert)),
            {
              "grpc.default_authority": parsed.host,
            },
          );
  onTestFinished(() => opened.close());
  return opened;
}

describe("a gRPC client and a plugin", () => {
  it.each(["unix", "tcp", "tls"] as const)(
    "PLUG-5, DIAL-3: meet through a bridge at a %s target, also with large answers, until the plugin dies",
    async (type) => {
      const plugin = await startPlugin();
      const bridge = await startBridge({ listen: listenAt(type), upstream: plugin.target });
      expect(await probeHttp2(parseDialTarget(bridge.target), 5_000)).toBe("http2");
      const client = channel(bridge).client(IntegrationProvider);
      const echo = async (text: string): Promise<unknown> => {
        const { body } = await client.execute({ operation: "echo", params: { text } }, { timeoutMs: 20_000 });
        return JSON.parse(body);
      };
      await client.getMetadata({}, { timeoutMs: 20_000, waitForReady: true });
      const texts = ["hello", "x".repeat(1_000_000)];
      const answers = await Promise.all(texts.map(echo));
      for (const [index, answer] of answers.entries()) expect(JSON.stringify(answer)).toContain(texts[index]);
      await plugin.kill();
      await expect(client.getMetadata({}, { timeoutMs: 20_000 })).rejects.toMatchObject({
        code: "UNAVAILABLE",
      });
      await expect.poll(() => bridge.connections).toBe(0);
    },
  );
});
