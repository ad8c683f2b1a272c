import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fixturePlugin, startGestaltd } from "@gestalt-runtime/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { certificatePem, keyPem } from "../packages/sdk/test/logs/localhost-certificate.js";

const program = fileURLToPath(new URL("../packages/sdk/test/.fixtures/bridged-runtime.mjs", import.meta.url));

describe("a host and a plugin in a guest that has nothing but exec", () => {
  it.each(["unix", "tcp", "tls"] as const)(
    "DIAL-1, DIAL-3, PLUG-5, SESS-8: meet at a %s target, and leave nothing",
    async (type) => {
      const directory = await mkdtemp("/tmp/gdt-");
      onTestFinished(() => rm(directory, { recursive: true, force: true }));
      const files = { certificateFile: join(directory, "tls.crt"), keyFile: join(directory, "tls.key") };
      await writeFile(files.certificateFile, certificatePem);
      await writeFile(files.keyFile, keyPem);
      const listens = {
        unix: { type, path: join(directory, "b.sock") },
        tcp: { type },
        tls: { type, advertisedHost: "localhost", ...files },
      };
      const before = await readdir("/tmp");
      await using gestaltd = await startGestaltd({
        tmpDir: directory,
        // The roots that the host verifies against.
        operatorEnv: { ...process.env, SSL_CERT_FILE: files.certificateFile },
        runtimeProviders: { bridged: { command: program, config: { listen: listens[type] } } },
        plugins: { example: { ...fixturePlugin(), cache: ["main"] } },
      });
      expect(gestaltd.outcomes.get("example")).toMatchObject({ status: "hosted" });
      const { body } = await gestaltd.execute("example", "cache", { key: "greeting", value: "hello" });
      expect(JSON.parse(body)).toMatchObject({ found: true, value: "hello" });
      expect(await gestaltd.stop()).toMatchObject({ bridged: { code: 0, killed: false } });
      expect(
        (await readdir("/tmp")).filter((name) => name.startsWith("bridged-") && !before.includes(name)),
      ).toEqual([]);
      expect((await readdir(directory)).sort()).toEqual(["tls.crt", "tls.key"]);
      expect(await readFile(files.certificateFile, "utf8")).toBe(certificatePem);
    },
  );
});
