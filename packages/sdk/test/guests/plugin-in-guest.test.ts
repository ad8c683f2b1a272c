import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "@bufbuild/protobuf";
import { credentials } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { guestBridge, shellLauncher } from "../../src/guests/index.js";
import { createLogForwarder, parseDialTarget, type RunningPlugin } from "../../src/index.js";
import { IntegrationProvider, openChannel } from "../../src/protocol/index.js";
import { waitForHttp2 } from "../../src/dial-target/http2-probe.js";
import { startBridge } from "../bridge/support.js";
import { has, localGuest } from "./guest.js";

const program = fileURLToPath(new URL("../../../testkit/dist/plugins/fixture-plugin.mjs", import.meta.url));

describe.skipIf(!has("setsid"))("a real plugin in a guest that has nothing but exec", () => {
  it("PLUG-1, PLUG-4, SESS-10: is launched, logged, reached by gRPC, and seen to end", async () => {
    if (!existsSync(program))
      throw new Error(`${program} is missing; run pnpm --filter @gestalt-runtime/testkit build`);
    const guest = localGuest();
    const path = `${guest.folder}/p.sock`;
    const launcher = shellLauncher({ exec: guest.exec, directory: `${guest.folder}/plugin` });
    const launched = await launcher.launch({
      command: process.execPath,
      args: [program],
      env: { PATH: "/usr/bin:/bin", GESTALT_PLUGIN_SOCKET: path },
    });
    onTestFinished(() => launched.stop({ graceMs: 0 }));
    const inside = guestBridge({ exec: guest.exec, stream: guest.stream });
    const plugin: RunningPlugin = {
      ended: launched.ended,
      reach: { via: "dial", dial: inside.dialTo({ type: "unix", path }) },
    };

    // The log room's pull, as the session runtime runs it.
    const lines: string[] = [];
    const forwarder = createLogForwarder({ fallback: (line) => lines.push(line) });
    onTestFinished(() => forwarder.close());
    const log = forwarder.session("s-1", { holdMs: 1 });
    const over = new AbortController();
    const pulled = log.pull(launched.read, { signal: over.signal });

    const { reach } = plugin;
    if (reach?.via !== "dial") throw new Error("it is reached by a dial");
    const bridge = await startBridge({ listen: { type: "tcp" }, upstream: (signal) => reach.dial(signal) });
    const target = parseDialTarget(bridge.target);
    await waitForHttp2(target, { signal: AbortSignal.timeout(20_000) });
    const channel = openChannel(`dns:${bridge.target.slice("tcp://".length)}`, credentials.createInsecure());
    onTestFinished(() => channel.close());
    const client = channel.client(IntegrationProvider);
    const call = (operation: string, params: JsonObject): Promise<{ body: string }> =>
      client.execute({ operation, params }, { timeoutMs: 20_000, waitForReady: true });
    expect((await call("echo", { text: "hello" })).body).toContain("hello");
    await call("log", { count: 500, stream: "stderr" });
    await launched.stop();
    expect(await plugin.ended).toEqual({ how: "exit", code: 0 });
    await expect.poll(() => bridge.connections).toBe(0);

    over.abort();
    await pulled;
    await log.flush(5_000);
    const numbers = lines.map((line) => /^session s-1 stderr: stderr (\d+) /.exec(line)?.[1]).filter(Boolean);
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, index) => String(index + 1)));
  });
});
