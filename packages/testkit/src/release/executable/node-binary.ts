import { execFile } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { programOf } from "../../lint/package/program.js";
import { currentPlatform, formatPlatform, type Platform } from "../../lint/platform.js";
import { impossible, invalid, messageOf } from "../refuse.js";

/** A Node.js that goes into an executable. */
export interface NodeBinary {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly platform: Platform;
  /** For example `v20.20.2`. */
  readonly version: string;
  readonly isMusl: boolean;
  /** Text of its licence, where it lies beside the binary. */
  readonly licence: string | undefined;
}

/** What Node.js marks the place with where it looks for a program inside itself; "0" says that there is none. */
export const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** The first Node.js that has all that a packaged program uses. */
const oldest = [20, 19] as const;
const askTimeoutMs = 10_000;

/**
 * Looks at a Node.js binary.
 *
 * @param named how errors call it: `--node linux/arm64=./node`
 * @throws RuntimeProviderError INVALID_ARGUMENT where it is none, or none that can carry a program
 */
export async function inspectNodeBinary(file: string, named: string): Promise<NodeBinary> {
  let path;
  let content;
  try {
    path = await realpath(file);
    content = await readFile(path);
  } catch (error) {
    throw invalid(`${named}: ${messageOf(error)}; give the path of a Node.js binary`, error);
  }
  const program = programOf(content);
  if (program.type !== "executable" || program.platform === undefined)
    throw invalid(
      `${named}: ${path} is ${program.type === "script" ? "a script" : "no program that a host knows"}; give the binary itself, which node -p process.execPath prints`,
    );
  if (content.includes(`${fuse}:1`))
    throw invalid(
      `${named}: ${path} is an executable that holds a program already; give a plain Node.js binary`,
    );
  if (!content.includes(`${fuse}:0`))
    throw invalid(
      `${named}: ${path} can't carry a program: it is no Node.js, or one that a distribution has built without support for single executables; take one of nodejs.org's`,
    );
  const version = isOwn(program.platform) ? await ask(path, named) : writtenVersion(content, path, named);
  checkVersion(version, named);
  return {
    path,
    platform: program.platform,
    version,
    isMusl: content.subarray(0, 4096).includes("/ld-musl-"),
    licence: await findLicence(path),
  };
}

/** Refuses a binary for another platform than it is to be for. */
export function checkPlatform({ path, platform }: NodeBinary, wanted: Platform, named: string): void {
  const [found, asked] = [formatPlatform(platform), formatPlatform(wanted)];
  if (found !== asked)
    throw invalid(`${named}: ${path} is for ${found}, not ${asked}; give ${asked}'s Node.js`);
}

/** Whether this machine can run programs for a platform. */
export function isOwn(platform: Platform): boolean {
  return formatPlatform(platform) === formatPlatform(currentPlatform());
}

async function ask(path: string, named: string): Promise<string> {
  try {
    // Whatever the caller's Node.js is to be told, this one is not.
    const { stdout } = await promisify(execFile)(path, ["--version"], { env: {}, timeout: askTimeoutMs });
    return stdout.trim();
  } catch (error) {
    throw invalid(`${named}: ${path} --version failed: ${messageOf(error)}`, error);
  }
}

/** The version of a binary that can't be run here: it holds the address of its own headers. */
function writtenVersion(content: Buffer, path: string, named: string): string {
  const end = content.indexOf("-headers.tar.gz");
  const version = /v\d+\.\d+\.\d+$/.exec(
    content.toString("latin1", Math.max(0, end - 40), Math.max(0, end)),
  )?.[0];
  if (version === undefined)
    throw invalid(`${named}: ${path} does not say which version of Node.js it is; take one of nodejs.org's`);
  return version;
}

function checkVersion(version: string, named: string): void {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
    throw impossible(`${named}: Node.js ${version} is too old; take ${oldest.join(".")} or newer`);
}

/** Where archives of Node.js, npm packages of it, and distributions put its licence. */
async function findLicence(path: string): Promise<string | undefined> {
  const folder = dirname(path);
  const places = ["LICENSE", "../LICENSE", "../share/doc/nodejs/LICENSE", "../share/doc/node/LICENSE"];
  for (const place of places) {
    const text = await readFile(join(folder, place), "utf8").catch(() => "");
    if (text.startsWith("Node.js is licensed")) return text.replaceAll("\r\n", "\n").trim();
  }
  return undefined;
}
