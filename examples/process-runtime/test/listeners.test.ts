import { createServer } from "node:net";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fixturePlugin, startGestaltd, type ProviderInstance } from "@gestalt-runtime/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { certificate } from "./certificate.js";
import { program, refusal, startPlugin, startRuntime, startSession, testDirectory } from "./support.js";

/** A certificate for what the host dials, as an operator has it on disk; gone before the directory's proof. */
async function certificateFiles(directory: string): Promise<{ certificateFile: string; keyFile: string }> {
  const folder = join(directory, "tls");
  await mkdir(folder);
  onTestFinished(() => rm(folder, { recursive: true }));
  const [certificateFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  await writeFile(certificateFile, certificate.cert);
  await writeFile(keyFile, certificate.key);
  return { certificateFile, keyFile };
}

async function configure(directory: string, listener: Record<string, unknown>): Promise<unknown> {
  const provider = await startRuntime(directory, undefined, { configure: () => Promise.resolve() });
  const config = { listener } as Parameters<ProviderInstance["handshake"]>[0];
  return provider.lifecycle.configureProvider({ name: "process", config, protocolVersion: 3 });
}

describe("listeners", () => {
  it.each(["unix", "tcp", "tls"] as const)(
    "PLUG-5, DIAL-1, DIAL-3, BIND-2: a fake gestaltd hosts a plugin behind a %s target, which uses the host's cache",
    async (type) => {
      const directory = await testDirectory();
      const files = await certificateFiles(directory);
      await using gestaltd = await startGestaltd({
        tmpDir: directory,
        operatorEnv: { PATH: process.env.PATH, TMPDIR: directory, SSL_CERT_FILE: files.certificateFile },
        runtimeProviders: {
          process: { command: program, config: { listener: { type, ...(type === "tls" && files) } } },
        },
        plugins: { example: { ...fixturePlugin(), cache: ["main"] } },
      });
      const { dialTarget } = gestaltd.plugin("example");
      expect(dialTarget).toMatch(
        type === "unix" ? /^unix:\/\/\/.*\.sock$/ : RegExp(`^${type}://127\\.0\\.0\\.1:\\d+$`),
      );
      const { body } = await gestaltd.execute("example", "cache", { key: "k", value: "v" });
      expect(JSON.parse(body)).toMatchObject({ found: true, value: "v" });
      expect(await gestaltd.stop()).toMatchObject({ process: { code: 0, killed: false } });
    },
  );

  it("PLUG-6: behind a network listener too, an error says what the plugin did", async () => {
    const provider = await startRuntime(await testDirectory(), {
      listener: { type: "tcp" },
      readyTimeoutMs: 3_000,
    });
    const { message } = await refusal(startPlugin(provider, { atStart: ["no-listen"] }));
    expect(message).toContain(
      "the plugin never listened on the socket in GESTALT_PLUGIN_SOCKET within 3000 ms",
    );
  });

  it("SESS-8: a port of the range is each plugin's own, and free again when its session is stopped", async () => {
    // A port that somebody else has is passed over.
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => new Promise<void>((resolve) => other.close(() => resolve())));
    const { port: firstPort } = other.address() as { port: number };
    const listener = { type: "tcp", firstPort, lastPort: firstPort + 1 };
    const provider = await startRuntime(await testDirectory(), { listener });
    const first = await startPlugin(provider);
    expect(first.dialTarget).toBe(`tcp://127.0.0.1:${firstPort + 1}`);
    const sessionId = await startSession(provider, "second");
    const start = provider.runtime.startPlugin({ sessionId, pluginName: "second", ...fixturePlugin() });
    expect(await refusal(start)).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: expect.stringContaining(
        `all ports from ${firstPort} to ${firstPort + 1} are taken (listener.firstPort, listener.lastPort)`,
      ) as string,
    });
    first.close();
    await provider.runtime.stopSession({ sessionId: first.sessionId });
    expect((await startPlugin(provider)).dialTarget).toBe(first.dialTarget);
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      "ports the wrong way round",
      { type: "tcp", firstPort: 9, lastPort: 8 },
      "INVALID_ARGUMENT",
      /firstPort is 9/,
    ],
    ["one port alone", { type: "tcp", firstPort: 9 }, "INVALID_ARGUMENT", /\/listener/],
    [
      "tls without a certificate",
      { type: "tls" },
      "INVALID_ARGUMENT",
      /\/listener\/certificateFile is missing/,
    ],
    ["nowhere to dial", { type: "tcp", host: "0.0.0.0" }, "INVALID_ARGUMENT", /advertisedHost/],
    [
      "an address of another machine",
      { type: "tcp", host: "203.0.113.7" },
      "FAILED_PRECONDITION",
      /203\.0\.113\.7/,
    ],
  ])("LIFE-3, DIAL-5: %s is refused when it is configured", async (_, listener, code, text) => {
    const found = await refusal(configure(await testDirectory(), listener));
    expect(found.code).toBe(code);
    expect(found.message).toMatch(text);
  });

  it("LIFE-3, DIAL-3: so is a certificate that is not for what the host dials", async () => {
    const directory = await testDirectory();
    const files = await certificateFiles(directory);
    const listener = { type: "tls", advertisedHost: "runtime.example.com", ...files };
    expect((await refusal(configure(directory, listener))).message).toContain("runtime.example.com");
  });
});
