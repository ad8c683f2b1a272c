import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { nodeEntries, pluginEntry, tarOf, writeLayout } from "./guests/layouts.js";
import { canIsolate, isolated } from "./isolation/support.js";
import { copyProgramsForAll, type ProgramsForAll } from "./programs-for-all.js";
import { testDirectory } from "./support.js";

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const can = isRoot && canIsolate;

describe.runIf(can)(
  can
    ? "a runtime whose user has no rights"
    : "a runtime whose user has no rights (missing: root, or bubblewrap)",
  () => {
    let programs: ProgramsForAll;
    beforeAll(async () => {
      programs = await copyProgramsForAll(nobody);
    });
    afterAll(() => programs.remove());

    /** Hosts the fixture plugin once, with a policy and a host service, all of it as that user. */
    async function host(directory: string, config: object, plugin: object): Promise<void> {
      await chmod(directory, 0o777);
      const { node, shortHost, runtime, path } = programs;
      const args = [
        shortHost,
        runtime,
        directory,
        JSON.stringify({ ...isolated, ...config }),
        JSON.stringify(plugin),
      ];
      const child = spawn(node, args, {
        cwd: "/",
        env: { PATH: path },
        stdio: ["ignore", "ignore", "pipe"],
        uid: nobody,
        gid: nobody,
      });
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      const [code] = (await once(child, "close")) as [number | null];
      expect(code, said).toBe(0);
    }

    it.each([
      ["behind TCP", { listener: { type: "tcp" } }],
      [
        "with limits, of which those are kept that need no cgroup",
        { limits: { openFiles: 300, memoryBytes: 2 ** 30 } },
      ],
    ])("PLUG-4, EGR-2, BIND-2, SESS-8: hosts a plugin %s", async (_, config) => {
      await host(await testDirectory(), config, { command: programs.plugin });
    });

    it("SESS-3, PLUG-1, EGR-2, BIND-2, SESS-8: hosts a plugin of an image", { timeout: 60_000 }, async () => {
      const directory = await testDirectory();
      const [stateDir, layout] = [join(directory, "state"), join(directory, "image")];
      onTestFinished(() =>
        Promise.all([stateDir, layout].map((path) => rm(path, { recursive: true }))).then(),
      );
      await mkdir(layout);
      await writeLayout(layout, {
        layers: [tarOf([...(await nodeEntries()), { ...(await pluginEntry()), path: "app/plugin" }])],
        ...{ layerType: "application/vnd.oci.image.layer.v1.tar", compress: (layer: Buffer) => layer },
        tag: "1",
        config: { WorkingDir: "/app", Env: ["PATH=/bin"] },
      });
      const image = "example.com/plugin:1";
      const config = { stateDir, images: { "example.com/plugin": layout } };
      await host(directory, config, { command: "/app/plugin", runtime: { image } });
    });
  },
);
