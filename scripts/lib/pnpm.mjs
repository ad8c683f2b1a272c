import { quietly } from "./commands.mjs";
import { readRootPackage } from "./root.mjs";

/**
 * Runs pnpm at the version that package.json pins, by npx, which every Node.js brings: neither an installed pnpm
 * nor corepack is needed.
 *
 * @param {readonly string[]} args
 * @param {import("./commands.mjs").Options} [options]
 */
export function pnpm(args, options) {
  const pinned = readRootPackage().packageManager;
  if (!/^pnpm@\d+\.\d+\.\d+$/.test(pinned))
    throw new Error(`package.json: packageManager is "${pinned}"; it must be pnpm at an exact version`);
  return quietly("npx", ["--yes", pinned, ...args], options);
}

/** Installs exactly what the lockfile holds. */
export async function install() {
  // Never ask, not even on a terminal: nothing of value is in node_modules.
  await pnpm(["install", "--frozen-lockfile", "--prefer-offline", "--config.confirmModulesPurge=false"]);
}
