import { chmod, copyFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatPlatform } from "../../lint/platform.js";
import { impossible } from "../refuse.js";
import { runTool } from "../run-tool.js";
import { withTemporaryFolder } from "../temporary-folder.js";
import { fuse, isOwn, type NodeBinary } from "./node-binary.js";

export interface ExecutableOptions {
  /** CommonJS. */
  readonly code: string;
  /** What stack traces call it. */
  readonly codeName: string;
  /** What the program is put into. */
  readonly node: NodeBinary;
  /** The Node.js of this machine, of the same version, which writes the blob when `node` can't run here. */
  readonly builder: NodeBinary;
  /** Where the executable is written. */
  readonly output: string;
}

/**
 * Makes a single executable application: a copy of Node.js with the program inside.
 *
 * The same code and binary give the same bytes: the blob names the code by its relative path alone, and the code
 * cache holds nothing random. The code cache saves a fifth of the start; V8 can make it only for itself, so an
 * executable for another platform has none.
 */
export async function makeExecutable(options: ExecutableOptions): Promise<void> {
  const { code, codeName, node, builder, output } = options;
  await withTemporaryFolder(tmpdir(), "gestalt-executable-", async (directory) => {
    const blob = join(directory, "program.blob");
    await writeFile(join(directory, codeName), code);
    const settings = {
      main: codeName,
      output: "program.blob",
      disableExperimentalSEAWarning: true,
      useCodeCache: isOwn(node.platform),
    };
    await writeFile(join(directory, "sea-config.json"), JSON.stringify(settings));
    const writer = isOwn(node.platform) ? node : builder;
    // The seed of V8's random numbers, among them those of its hash tables, which the code cache holds.
    const flags = ["--random-seed=1", "--experimental-sea-config", "sea-config.json"];
    await runTool(writer.path, flags, { cwd: directory });
    await copyFile(node.path, output);
    await chmod(output, 0o755);
    if (node.platform.os === "darwin") await runTool("codesign", ["--remove-signature", output]);
    await inject(output, blob, node);
    if (node.platform.os === "darwin") await runTool("codesign", ["--sign", "-", output]);
  });
}

/**
 * Says why no executable for a platform can be made on this machine; undefined where one can.
 *
 * macOS ends a program at its start that is changed and not signed again, and only macOS signs here.
 */
export function whyNoExecutable({ os, arch }: NodeBinary["platform"]): string | undefined {
  if (os === "windows")
    return "providers serve on Unix sockets, which Node.js does not have on Windows; leave windows out";
  if (os === "darwin" && process.platform !== "darwin")
    return `macOS starts no program that was changed and not signed again, and codesign is there on macOS alone; run this on macOS with --platform ${formatPlatform({ os, arch })}, or take --artifact script`;
  return undefined;
}

async function inject(file: string, blob: string, { platform }: NodeBinary): Promise<void> {
  const postject = createRequire(import.meta.url).resolve("postject/dist/cli.js");
  const segment = platform.os === "darwin" ? ["--macho-segment-name", "NODE_SEA"] : [];
  // A process of its own: it takes memory of several times the file's size, and prints what nobody can act on.
  const args = [postject, file, "NODE_SEA_BLOB", blob, "--sentinel-fuse", fuse, ...segment];
  await runTool(process.execPath, args).catch((error: unknown) => {
    throw impossible(`the program could not be put into ${file}`, error);
  });
}
