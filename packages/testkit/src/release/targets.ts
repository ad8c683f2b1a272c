import type { Manifest } from "../lint/manifest/types.js";
import { formatPlatform, type Platform } from "../lint/platform.js";
import type { Layout } from "./bundle/wrap.js";
import { parseWantedPlatform } from "./platform-name.js";
import { invalid } from "./refuse.js";
import type { ArtifactKind } from "./types.js";

/** One archive to make. */
export interface Target {
  readonly platform: Platform;
  /** What the host starts, in the archive. */
  readonly artifactPath: string;
  readonly layout: Layout;
}

/** Ends of names that say what Node.js takes a file for. */
const scriptEnd = /\.([cm]?[jt]s)$/;

/**
 * The archives to make: one for each platform, each with one artifact at the path that the manifest gives it, or
 * gives the entrypoint where it does not list the platform.
 *
 * @param wanted platforms by name; default: those of the manifest's artifacts
 */
export function targetsOf(
  { artifacts, entrypoint }: Manifest,
  kind: ArtifactKind,
  wanted: readonly string[] | undefined,
): Target[] {
  const platforms = wanted?.map(platformOf) ?? artifacts.map(({ os, arch }) => ({ os, arch }));
  const unique = new Map(platforms.map((platform) => [formatPlatform(platform), platform]));
  return [...unique]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, platform]) => {
      if (platform.os === "windows")
        throw invalid(
          `${name}: providers serve on Unix sockets, which Node.js does not have on Windows; leave it out of --platform, or out of the manifest's artifacts`,
        );
      const listed = artifacts.find(({ os, arch }) => formatPlatform({ os, arch }) === name);
      return { platform, ...artifactAt(listed?.path ?? entrypoint.artifactPath, kind) };
    });
}

/**
 * What an artifact is called. An executable's name does not end as a script's does. A script's ends in `.mjs` or
 * `.cjs`: what Node.js takes other names for depends on a package.json above, and above the folder where the host
 * unpacks the archive lie the operator's own.
 */
function artifactAt(path: string, kind: ArtifactKind): Omit<Target, "platform"> {
  if (kind === "executable") return { artifactPath: path.replace(scriptEnd, ""), layout: "embedded" };
  if (path.endsWith(".mjs")) return { artifactPath: path, layout: "module" };
  if (path.endsWith(".cjs")) return { artifactPath: path, layout: "commonjs" };
  return { artifactPath: `${path.replace(scriptEnd, "")}.mjs`, layout: "module" };
}

function platformOf(text: string): Platform {
  const { platform, fault } = parseWantedPlatform(text);
  if (platform === undefined) throw invalid(`--platform: ${fault}`);
  return platform;
}
