import type { LintCase } from "../case.js";
import { archives } from "./archives.js";
import { configEntries } from "./config-entries.js";
import { configSources } from "./config-sources.js";
import { manifestArtifacts } from "./manifest-artifacts.js";
import { manifestFields } from "./manifest-fields.js";
import { manifestFiles } from "./manifest-files.js";
import { manifestValues } from "./manifest-values.js";
import { releases } from "./releases.js";
import { schemas } from "./schemas.js";

/** Manifests whose text alone is wrong. */
export const manifestTexts: readonly LintCase[] = [
  ...manifestFields,
  ...manifestValues,
  ...manifestArtifacts,
];

/** Every wrong input, by what it is. */
export const wrongInputs: Readonly<Record<string, readonly LintCase[]>> = {
  manifests: manifestTexts,
  "manifests and their files": manifestFiles,
  "config schemas": schemas,
  archives,
  releases,
  "operators' configs": [...configSources, ...configEntries],
};
