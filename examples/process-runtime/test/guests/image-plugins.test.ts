import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findTool } from "@gestalt-runtime/sdk/processes";
import { describe, expect, it, onTestFinished } from "vitest";
import { dial, refusal, startRuntime, testDirectory } from "../support.js";
import { nodeEntries, pluginEntry, tarOf, writeLayout } from "./layouts.js";

const isolated = findTool("bwrap") !== undefined && findTool("ldd") !== undefined;

describe.skipIf(!isolated)("plugins with files of their own", () => {
  it(
    "PLUG-1, PLUG-2, PLUG-6, SESS-3, SESS-8: run in an image, and see nothing but it",
    { timeout: 120_000 },
    async () => {
      const directory = await testDirectory();
      const [stateDir, layout] = [join(directory, "state"), join(directory, "image")];
      onTestFinished(() =>
        Promise.all([stateDir, layout].map((path) => rm(path, { recursive: true }))).then(),
      );
      await mkdir(layout);
      const digest = await writeLayout(layout, {
        layers: [
          tarOf(await nodeEntries()),
          tarOf([await pluginEntry(), { path: "app/text", content: "no program" }]),
        ],
        // Not packed: it would take longer than all the rest.
        ...{ layerType: "application/vnd.oci.image.layer.v1.tar", compress: (layer: Buffer) => layer },
        tag: "1",
        config: { WorkingDir: "/app", Env: ["PATH=/bin", "FROM_IMAGE=1", "BOTH=image"] },
      });
      const templates = { tool: { env: { BOTH: "template" } } };
      const images = { "example.com/plugin": layout };
      const config = { stateDir, isolation: "required", images, templates };
      const provider = await startRuntime(directory, config);
      const session = async (image: string): Promise<string> => {
        const { id } = await provider.sessions.start({ pluginName: "example", image, template: "tool" });
        await provider.sessions.waitUntilReady(id);
        return id;
      };
      const start = async (image: string, command: string) => {
        const sessionId = await session(image);
        const plugin = await provider.runtime.startPlugin({ sessionId, pluginName: "example", command });
        return dial(sessionId, plugin.dialTarget);
      };
      const { execute } = await start(`example.com/plugin@${digest}`, "./bin/plugin");
      expect(await execute("identity")).toMatchObject({ cwd: "/app" });
      const { env } = (await execute("env")) as { env: Record<string, string> };
      expect(env).toMatchObject({ PATH: "/bin", FROM_IMAGE: "1", BOTH: "template" });
      for (const [command, text] of [
        ["./missing", "/app/missing does not exist in the guest's root"],
        ["./text", "/app/text is not executable"],
        ["bin", "/app/bin is a directory"],
      ] as const)
        expect((await refusal(start("example.com/plugin:1", command))).message).toContain(text);
    },
  );

  it("PLUG-1, SESS-3: see an overlay's files over this machine's, and can't change them", async () => {
    const directory = await testDirectory();
    const overlay = join(directory, "overlay");
    onTestFinished(() => rm(overlay, { recursive: true }));
    await mkdir(join(overlay, "opt/tool"), { recursive: true });
    const script = `#!/bin/sh
cat /opt/tool/text >&2
echo changed >/opt/tool/text || echo refused >&2
exit 3
`;
    await writeFile(join(overlay, "opt/tool/run"), script, { mode: 0o755 });
    await writeFile(join(overlay, "opt/tool/text"), "of the overlay\n");
    const templates = { tool: { overlay, workingDirectory: "/opt/tool" } };
    const provider = await startRuntime(directory, { isolation: "required", templates });
    const { id: sessionId } = await provider.sessions.start({ pluginName: "example", template: "tool" });
    await provider.sessions.waitUntilReady(sessionId);
    const start = provider.runtime.startPlugin({ sessionId, pluginName: "example", command: "./run" });
    const { message } = await refusal(start);
    expect(message).toContain("code 3");
    expect(message).toContain("of the overlay");
    expect(message).toContain("refused");
    expect(await readFile(join(overlay, "opt/tool/text"), "utf8")).toBe("of the overlay\n");
  });
});
