import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** What was asked for instead of this version's packages. */
export interface WantedPackages {
  readonly sdk?: string;
  readonly testkit?: string;
}

/** What a new package.json asks npm for. Archives are named by absolute paths: the folder may be anywhere. */
export function dependencies({ sdk, testkit }: WantedPackages): {
  readonly sdk: string;
  readonly testkit: string;
} {
  const own = `^${ownVersion()}`;
  return { sdk: spec(sdk ?? own), testkit: spec(testkit ?? own) };
}

function spec(given: string): string {
  return given.startsWith("file:") ? `file:${resolve(given.slice("file:".length))}` : given;
}

/** Both packages are released together, under one version. */
function ownVersion(): string {
  for (const place of ["../package.json", "../../package.json"]) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Built, it lies one folder higher than its source does.
    }
  }
  throw new Error("this package has no package.json");
}
