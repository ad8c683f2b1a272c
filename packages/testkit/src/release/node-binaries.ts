import { currentPlatform, formatPlatform, parsePlatform } from "../lint/platform.js";
import { whyNoExecutable } from "./executable/make-executable.js";
import { checkPlatform, inspectNodeBinary, isOwn, type NodeBinary } from "./executable/node-binary.js";
import { invalid } from "./refuse.js";
import type { Target } from "./targets.js";

/** The Node.js binaries of a release's executables. */
export interface NodeBinaries {
  /** This machine's. */
  readonly builder: NodeBinary;
  /** By platform. */
  readonly of: ReadonlyMap<string, NodeBinary>;
}

/**
 * Finds and checks the Node.js that goes into each executable, before anything is made.
 *
 * @param given paths by platform
 * @throws RuntimeProviderError that says for which platform what is missing, and how to get it
 */
export async function findNodeBinaries(
  targets: readonly Target[],
  given: Readonly<Record<string, string>>,
): Promise<NodeBinaries> {
  const own = formatPlatform(currentPlatform());
  const wanted = targets.map(({ platform }) => formatPlatform(platform));
  for (const name of Object.keys(given))
    if (name !== own && !wanted.includes(name))
      throw invalid(
        `--node ${name}=${given[name] ?? ""}: nothing is packaged for ${name}; add it to --platform, or leave this out`,
      );
  const builder = await findBinary(own, given[own]);
  const found = new Map<string, NodeBinary>();
  for (const { platform } of targets) {
    const name = formatPlatform(platform);
    const reason = whyNoExecutable(platform);
    if (reason !== undefined) throw invalid(`no executable for ${name} can be made here: ${reason}`);
    const node = isOwn(platform) ? builder : await findBinary(name, given[name], builder);
    found.set(name, node);
  }
  return { builder, of: found };
}

async function findBinary(name: string, path: string | undefined, builder?: NodeBinary): Promise<NodeBinary> {
  if (path === undefined && builder !== undefined)
    throw invalid(
      `an executable for ${name} needs Node.js ${builder.version} for ${name}: give its path with --node ${name}=<binary>, or leave ${name} out of --platform`,
    );
  const named = path === undefined ? "this Node.js" : `--node ${name}=${path}`;
  const node = await inspectNodeBinary(path ?? process.execPath, named);
  const platform = parsePlatform(name);
  if (platform !== undefined) checkPlatform(node, platform, named);
  if (builder !== undefined && node.version !== builder.version)
    throw invalid(
      `${named}: it is Node.js ${node.version}, and what is put into it is made by ${builder.version}; give ${builder.version} for ${name}`,
    );
  return node;
}
