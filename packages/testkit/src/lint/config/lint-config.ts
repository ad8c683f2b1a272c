import { isOpen } from "../text/variables.js";
import { dirname, isAbsolute, join } from "node:path";
import type { Finding } from "../finding.js";
import { readPackageFile } from "../package/folder-files.js";
import { currentPlatform, type Platform } from "../platform.js";
import { runRules, type Rule } from "../rule.js";
import { shapeRules } from "../shape-rules.js";
import { documentRules } from "../text/document-rules.js";
import type { SourceDocument } from "../text/source-document.js";
import { egressRules } from "./egress-rules.js";
import { hostedRules } from "./hosted-rules.js";
import { apiVersionOf, hostedEntries, packageEntries, sourceOf, type PackageEntry } from "./model.js";
import { packageAtHand } from "./package-at-hand.js";
import { runtimeRules } from "./runtime-rules.js";
import { configShape } from "./shape.js";
import { sourceRules } from "./source-rules.js";
import type { ConfigEntry, ConfigSubject } from "./subject.js";
import { valueRules } from "./value-rules.js";

/** Every rule for an operator's config, in the order in which the docs list them. */
export const configRules: readonly Rule<ConfigSubject>[] = [
  ...shapeRules<ConfigSubject>(
    "config",
    "a config",
    ({ root, version }) => ({ root, shape: configShape(version) }),
    {
      open: true,
      expands: true,
      strictText: false,
      // Where several configs are merged, an empty field deletes an inherited one.
      optional: false,
    },
  ),
  ...sourceRules,
  ...runtimeRules,
  ...hostedRules,
  ...egressRules,
  ...valueRules,
];

export interface LintConfigOptions {
  /** Whose archive of a release is looked into. Default: this machine's platform. */
  readonly platform?: Platform;
}

/** Checks an operator's config, with the releases that it names as far as they are on this disk. */
export async function lintConfigDocument(
  document: SourceDocument,
  path: string,
  { platform = currentPlatform() }: LintConfigOptions = {},
): Promise<Finding[]> {
  const unreadable = await runRules(documentRules, document);
  if (unreadable.length > 0) return unreadable;
  const { root } = document;
  const version = apiVersionOf(root);
  const entries: ConfigEntry[] = [];
  for (const entry of packageEntries(root)) entries.push(await describeEntry(entry, dirname(path), platform));
  return runRules(configRules, { root, version, entries, hosted: hostedEntries(root, version) });
}

async function describeEntry(entry: PackageEntry, folder: string, platform: Platform): Promise<ConfigEntry> {
  const source = sourceOf(entry.at);
  if (source?.form !== "path" || isOpen(source.path))
    return { ...entry, source, file: undefined, fileExists: false, package: undefined };
  const file = isAbsolute(source.path) ? source.path : join(folder, source.path);
  const fileExists = (await readPackageFile(file)) !== undefined;
  const found = fileExists && entry.role === "runtime" ? await packageAtHand(file, platform) : undefined;
  return { ...entry, source, file, fileExists, package: found };
}
