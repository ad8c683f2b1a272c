import { readFile } from "node:fs/promises";
import { createServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { IntegrationProvider } from "@gestalt-runtime/sdk/protocol";
import { ServerCredentials } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { hostTimes } from "../../src/host/index.js";
import { dialPlugin } from "../../src/host/plugin-dial.js";
import { PluginServer } from "./plugin-server.js";

/** Made for these tests, for localhost and 127.0.0.1; good until 2126. */
const certificate = fileURLToPath(new URL("tls/cert.pem", import.meta.url));
const [cert, key] = await Promise.all(
  [certificate, new URL("tls/key.pem", import.meta.url)].map((file) => readFile(file)),
);
if (cert === undefined || key === undefined) throw new Error("no certificate");

const dial = (target: string, operatorEnv = {}, pluginReadyMs = 5_000) =>
  dialPlugin(target, { times: { ...hostTimes, pluginReadyMs }, operatorEnv, signal: undefined });

describe("dialling a plugin", () => {
  it("DIAL-4: tcp gets host:port as authority", async () => {
    await using plugin = await PluginServer.listen("127.0.0.1:0");
    const { channel, authority } = await dial(`tcp://127.0.0.1:${plugin.port}`);
    await channel.client(IntegrationProvider).getMetadata();
    channel.close();
    expect([authority, ...plugin.authorities]).toEqual(Array(2).fill(`127.0.0.1:${plugin.port}`));
  });

  it("DIAL-3, DIAL-4: tls is verified against SSL_CERT_FILE for the target's host, which alone is the authority", async () => {
    const credentials = ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: cert }]);
    await using plugin = await PluginServer.listen("127.0.0.1:0", {}, credentials);
    const roots = { SSL_CERT_FILE: certificate };
    for (const host of ["localhost", "127.0.0.1"]) {
      const { channel } = await dial(`tls://${host}:${plugin.port}`, roots);
      await channel.client(IntegrationProvider).getMetadata();
      channel.close();
      expect(plugin.authorities.at(-1)).toBe(host);
    }
    await expect(dial(`tls://localhost:${plugin.port}`, {}, 300)).rejects.toMatchObject({
      failure: "dial-timeout",
    });
    await expect(dial(`tls://127.0.0.2:${plugin.port}`, roots, 300)).rejects.toMatchObject({
      failure: "dial-timeout",
    });
  });

  it("DIAL-3: tls without ALPN is refused", async () => {
    const server = createServer({ cert, key });
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await expect(
      dial(`tls://127.0.0.1:${port ?? 0}`, { SSL_CERT_FILE: certificate }, 300),
    ).rejects.toMatchObject({ failure: "dial-timeout" });
    server.close();
  });
});
