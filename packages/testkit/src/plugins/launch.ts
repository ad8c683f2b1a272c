import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { atStartFlag, type AtStart } from "./at-start.js";

/** How the fixture plugin is to behave from its start on. */
export interface FixturePluginOptions {
  /** What it does before it serves, in this order. Default: nothing. */
  readonly atStart?: readonly AtStart[];
  /** Arguments after those that `atStart` adds; the operation `args` gives all of them back. */
  readonly args?: readonly string[];
}

/** A program and its arguments, as StartPlugin takes them (PLUG-1). */
export interface PluginCommand {
  /** Absolute path of the program. */
  readonly command: string;
  /** Its arguments, in order. */
  readonly args: string[];
}

/**
 * The fixture plugin: an executable that answers how it is run, by the operations of `fixtureOperations`. The
 * command is the file itself: it has the run bit and finds Node.js as `node` on PATH.
 *
 * @throws Error when the testkit was not built
 */
export function fixturePlugin({ atStart = [], args = [] }: FixturePluginOptions = {}): PluginCommand {
  return {
    command: programPath(),
    args: [...atStart.map((behaviour) => `${atStartFlag}${behaviour}`), ...args],
  };
}

function programPath(): string {
  // Beside the built package, or from this package's sources into its build.
  const places = ["./plugins/fixture-plugin.mjs", "../../dist/plugins/fixture-plugin.mjs"].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new Error("the fixture plugin is not built: run pnpm --filter @gestalt-runtime/testkit build");
  return found;
}
