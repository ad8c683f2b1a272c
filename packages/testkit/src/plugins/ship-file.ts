import { chmod, copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { currentPlatform, formatPlatform } from "../lint/platform.js";
import { makeExecutable } from "../release/executable/make-executable.js";
import { findNodeBinaries } from "../release/node-binaries.js";
import { parseWantedPlatform } from "../release/platform-name.js";
import { Programs } from "../release/program.js";
import { invalid } from "../release/refuse.js";
import { fixturePlugin } from "./launch.js";
import type { ShippedPlugin, ShipPluginOptions } from "./ship.js";

/** `shipFixturePlugin` itself, with all that it imports. */
export async function writePluginFile(options: ShipPluginOptions): Promise<ShippedPlugin> {
  const { command: script } = fixturePlugin();
  const { executable = false } = options;
  if (!executable && (options.platform !== undefined || options.node !== undefined))
    throw invalid("--platform and --node are of an executable; add --executable, or leave them out");
  const output = resolve(options.output);
  await mkdir(output, { recursive: true });
  const file = join(output, executable ? "fixture-plugin" : basename(script));
  // A guest may be starting the file that this one replaces.
  const unfinished = join(output, `.${basename(file)}.${process.pid}`);
  try {
    const platform = executable ? await embed(script, unfinished, options) : undefined;
    if (!executable) await copyFile(script, unfinished);
    await chmod(unfinished, 0o755);
    await rename(unfinished, file);
    return { file, bytes: (await stat(file)).size, platform };
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function embed(
  script: string,
  output: string,
  { platform: wanted = formatPlatform(currentPlatform()), node }: ShipPluginOptions,
): Promise<string> {
  const { platform, fault } = parseWantedPlatform(wanted);
  if (platform === undefined) throw invalid(`--platform: ${fault}`);
  const name = formatPlatform(platform);
  const target = { platform, artifactPath: "fixture-plugin", layout: "embedded" } as const;
  const { of, builder } = await findNodeBinaries([target], node === undefined ? {} : { [name]: node });
  const binary = of.get(name) ?? builder;
  // It looks for its own file only where it is one: see grandchild.ts.
  const allow = new Set(["."]);
  const entry = basename(script);
  const programs = new Programs({ folder: dirname(script), entry, allow, sourcesContent: false });
  const { code } = await programs.make("embedded");
  await makeExecutable({ code, codeName: "fixture-plugin.cjs", node: binary, builder, output });
  return name;
}
