import { archiveRules } from "./archive/lint-archive.js";
import { configRules } from "./config/lint-config.js";
import { manifestRules } from "./manifest/lint-manifest.js";
import { releaseMetadataRules } from "./release/lint-metadata.js";
import { releaseRules } from "./release/lint-release.js";
import type { RuleInfo } from "./rule.js";
import { schemaMissing } from "./schema/lint-schema.js";
import { schemaRules } from "./schema/rules.js";
import { documentRules } from "./text/document-rules.js";

export type { RuleInfo } from "./rule.js";

/** Every rule there is: what `docs/lint.md` lists. */
export const allRules: readonly RuleInfo[] = [
  ...documentRules,
  ...manifestRules,
  schemaMissing,
  ...schemaRules,
  ...archiveRules,
  ...releaseMetadataRules,
  ...releaseRules,
  ...configRules,
];
