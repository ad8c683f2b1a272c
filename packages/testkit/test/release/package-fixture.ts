import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { stringify } from "yaml";
import { currentPlatform } from "../../src/lint/platform.js";

const sdk = dirname(createRequire(import.meta.url).resolve("@gestalt-runtime/sdk/package.json"));

export const own = currentPlatform();
export const ownName = `${own.os}/${own.arch}`;
/** A platform that this machine has not. */
export const otherName = own.arch === "amd64" ? "linux/arm64" : "linux/amd64";

export const manifest = {
  kind: "runtime",
  source: "github.com/example/runtimes/tiny",
  version: "1.2.3",
  artifacts: [{ ...own, path: "bin/tiny" }],
  entrypoint: { artifactPath: "bin/tiny" },
};

/** A whole provider, as small as it can be. */
export const program = `
import { createSessionRuntime, servePluginRuntimeProvider } from "@gestalt-runtime/sdk";
await servePluginRuntimeProvider(
  createSessionRuntime(() => ({
    traits: { kind: "tiny", needs: "nothing", accepts: [], egress: "none", hostServices: "none" },
    create: () => { throw new Error("tiny makes no guests"); },
    launch: () => { throw new Error("tiny starts nothing"); },
    destroy: () => "gone",
  })),
);
`;

/** What serves nothing, but starts and ends as a provider does when nobody has named a socket. */
export const stub = `console.error("GESTALT_PLUGIN_SOCKET is not set"); process.exitCode = 1;\n`;

export type CleanUp = (remove: () => Promise<void>) => void;

export type Files = Readonly<Record<string, string | object | undefined>>;

/**
 * A package's folder, with the SDK installed, that is gone after the test.
 *
 * @param files by path; an object becomes YAML or JSON, undefined takes a usual file away
 * @param cleanUp takes what removes it; default: done when the test has finished
 */
export async function makePackage(
  files: Files = {},
  parent = tmpdir(),
  cleanUp: CleanUp = onTestFinished,
): Promise<string> {
  const folder = await temporaryFolder(parent, cleanUp);
  await mkdir(join(folder, "node_modules/@gestalt-runtime"), { recursive: true });
  await symlink(sdk, join(folder, "node_modules/@gestalt-runtime/sdk"));
  await writeFiles(folder, { "manifest.yaml": manifest, "src/main.ts": stub, ...files });
  return folder;
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) continue;
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === "string" ? content : textOf(path, content));
  }
}

export async function temporaryFolder(parent = tmpdir(), cleanUp: CleanUp = onTestFinished): Promise<string> {
  const folder = await mkdtemp(join(parent, "gst-release-"));
  cleanUp(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function textOf(path: string, content: object): string {
  return path.endsWith(".json") ? JSON.stringify(content) : stringify(content);
}
