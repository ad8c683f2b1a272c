import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { programOf } from "../../src/lint/index.js";
import { packageProvider, type PackagedRelease } from "../../src/release/index.js";
import { listArchive, readFromArchive, unpackArchive } from "./archive-listing.js";
import { makeBareRoot, whyNoBareRoot } from "./bare-root.js";
import { makePackage, manifest, own, temporaryFolder } from "./package-fixture.js";
import { serve } from "./serving.js";

/** Reads its schema as an asset, says what it was started with, and fails with a stack trace when told to. */
const program = `
import { createSessionRuntime, jsonSchemaFile, readAsset, servePluginRuntimeProvider } from "@gestalt-runtime/sdk";
const greeting = String(await readAsset(new URL("./greeting.txt", import.meta.url)));
class Engine {
  ignite(): never { throw new Error("no spark"); }
}
function startEngine(): never { return new Engine().ignite(); }
if (process.argv.includes("--fail")) startEngine();
await servePluginRuntimeProvider(
  createSessionRuntime(() => ({
    traits: { kind: "tiny", needs: "nothing", accepts: [], egress: "none", hostServices: "none" },
    create: () => { throw new Error("tiny makes no guests"); },
    launch: () => { throw new Error("tiny starts nothing"); },
    destroy: () => "gone",
  }), {
    identity: { displayName: greeting, description: process.argv.slice(2).join(" ") },
    configSchema: jsonSchemaFile(new URL("../schemas/config.schema.yaml", import.meta.url)),
  }),
);
`;

const files = {
  "manifest.yaml": {
    ...manifest,
    artifacts: [{ ...own, path: "bin/tiny.mjs" }],
    entrypoint: { artifactPath: "bin/tiny.mjs", args: ["serve", "a b"] },
    spec: { configSchemaPath: "schemas/config.schema.yaml" },
  },
  "schemas/config.schema.yaml":
    "type: object\nadditionalProperties: false\nproperties:\n  region: {type: string}\n",
  "src/greeting.txt": "Tiny, grüßt",
  "src/main.ts": program,
};

describe("an executable", { timeout: 180_000 }, () => {
  let release: PackagedRelease;
  let archive: string;
  let unpacked: string;
  let artifact: string;

  const removals: (() => Promise<void>)[] = [];
  const atTheEnd = (remove: () => Promise<void>): void => void removals.push(remove);
  afterAll(async () => {
    for (const remove of removals) await remove();
  });

  beforeAll(async () => {
    release = await packageProvider({ folder: await makePackage(files, undefined, atTheEnd) });
    archive = join(release.folder, release.archives[0]?.file ?? "");
    unpacked = await temporaryFolder(undefined, atTheEnd);
    await unpackArchive(archive, unpacked);
    artifact = join(unpacked, "bin/tiny");
  }, 180_000);

  it("is packed with its manifest, its schema and all licences", async () => {
    const epoch = "1970-01-01 00:00:00";
    expect(await listArchive(archive)).toEqual([
      `-rwxr-xr-x 0/0 ${epoch} bin/tiny`,
      `-rw-r--r-- 0/0 ${epoch} manifest.yaml`,
      `-rw-r--r-- 0/0 ${epoch} schemas/config.schema.yaml`,
      `-rw-r--r-- 0/0 ${epoch} third-party-licenses.txt`,
    ]);
    expect(programOf(await readFile(artifact))).toEqual({ type: "executable", platform: own });
    expect(release.archives).toMatchObject([
      {
        artifactPath: "bin/tiny",
        node: process.version,
        started: true,
        artifactBytes: (await stat(artifact)).size,
      },
    ]);
    expect(release.warnings).toEqual([]);
    const licences = await readFromArchive(archive, "third-party-licenses.txt");
    for (const title of ["@grpc/grpc-js", "@bufbuild/protobuf", "@gestalt-runtime/sdk", "yaml", "Node.js"])
      expect(licences).toMatch(new RegExp(`^${title} v?\\d`, "m"));
    expect(licences).not.toContain("without a text of its licence");
    expect(licences).toContain("Node.js is licensed for use as follows");
  });

  const noBareRoot = whyNoBareRoot();
  it.skipIf(noBareRoot !== undefined)(
    `PROC-1, PROC-6, PROC-10, LIFE-3: serves on a machine without Node.js, its files inside${noBareRoot === undefined ? "" : ` (${noBareRoot})`}`,
    async () => {
      const root = await temporaryFolder("/tmp");
      await makeBareRoot(root, artifact);
      const provider = await serve("/usr/sbin/chroot", [root, "/program", "serve", "a b"], {
        socket: join(root, "run/s.sock"),
        env: { GESTALT_PLUGIN_SOCKET: "/run/s.sock" },
      });
      expect(await provider.lifecycle.getProviderIdentity({})).toMatchObject({
        displayName: "Tiny, grüßt",
        description: "serve a b",
      });
      const configure = (config: Record<string, string | number>) =>
        provider.lifecycle.configureProvider({ name: "ops", protocolVersion: 3, config });
      await expect(configure({ region: 1, zone: "a" })).rejects.toMatchObject({
        message: expect.stringMatching(/\/zone is not a known field; \/region must be string/) as string,
      });
      await expect(configure({ region: "eu" })).resolves.toMatchObject({ protocolVersion: 3 });
      expect(await provider.stop()).toBe(0);
      expect(await readdir(join(root, "run"))).toEqual([]);
    },
  );

  it("PROC-4: starts with nothing in its environment, from any working directory, and shows names in stack traces", async () => {
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(artifact, ["--fail"], { cwd: "/", env: {} }, (error, _, text) =>
        resolve({ code: error?.code, stderr: text }),
      );
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Error: no spark\n {4}at Engine\.ignite \(tiny\.cjs:\d+:\d+\)\n {4}at startEngine \(tiny\.cjs:/,
    );
  });

  it("is the same, byte for byte, when it is packaged in another folder at another time", async () => {
    const folder = await makePackage(files, await temporaryFolder());
    const output = join(await temporaryFolder(), "elsewhere");
    vi.stubEnv("TMPDIR", await temporaryFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    const again = await packageProvider({ folder, output });
    expect(await readdir(tmpdir())).toEqual([]);
    expect(again.folder).not.toBe(release.folder);
    expect(await readFile(join(again.folder, "checksums.txt"), "utf8")).toBe(
      await readFile(join(release.folder, "checksums.txt"), "utf8"),
    );
    expect(await readFile(again.metadata, "utf8")).toBe(await readFile(release.metadata, "utf8"));
  });
});
