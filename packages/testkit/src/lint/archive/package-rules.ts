import { wholeFile, type Rule } from "../rule.js";
import type { Archive } from "./archive.js";

/** The manifest's names, in the order in which the host looks for them. */
export const manifestNames = ["manifest.json", "manifest.yaml", "manifest.yml"] as const;

/** What the archive holds as a package. */
export const packageRules: readonly Rule<Archive>[] = [
  {
    id: "archive/manifest-missing",
    severity: "error",
    demands: "a manifest stands at the root",
    async *check(archive) {
      if (archive.fault !== undefined || (await manifestsIn(archive)).length > 0) return;
      const deeper = archive.entries.find(({ path }) =>
        manifestNames.some((name) => path?.endsWith(`/${name}`)),
      );
      yield {
        at: wholeFile(archive.name),
        message:
          deeper === undefined
            ? "it holds no manifest"
            : `its manifest stands at ${deeper.path ?? deeper.name}, not at the root`,
        suggestion: "pack manifest.yaml at the root",
      };
    },
  },
  {
    id: "archive/manifest-twice",
    severity: "warning",
    demands: "there is one manifest; of several the host takes manifest.json, then .yaml, then .yml",
    async *check(archive) {
      const [first, ...others] = await manifestsIn(archive);
      if (first !== undefined && others.length > 0)
        yield {
          at: wholeFile(archive.name),
          message: `it holds ${[first, ...others].join(" and ")}, and the host reads ${first}`,
          suggestion: `pack ${first} alone`,
        };
    },
  },
];

/** The manifests at an archive's root, the one that the host reads first. */
export async function manifestsIn({ files }: Archive): Promise<string[]> {
  const found: string[] = [];
  for (const name of manifestNames) if ((await files.find(name)) !== undefined) found.push(name);
  return found;
}
