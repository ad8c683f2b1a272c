import type { Finding } from "../finding.js";
import { cleanPath, packagePathFault } from "../package-path.js";
import type { PackageFiles } from "../package/package-files.js";
import { runRules, toFinding, valueAt, type RuleInfo } from "../rule.js";
import { documentRules } from "../text/document-rules.js";
import { SourceDocument } from "../text/source-document.js";
import { schemaRules } from "./rules.js";

/** The schema that a manifest names has to be there. */
export const schemaMissing: RuleInfo = {
  id: "schema/missing",
  severity: "error",
  demands: "the config schema that a manifest names is in the package, a plain file of at most 4 MiB",
};

/** Checks a config schema's document. */
export async function lintSchemaDocument(document: SourceDocument): Promise<Finding[]> {
  const unreadable = await runRules(documentRules, document);
  if (unreadable.length > 0) return unreadable;
  return runRules(schemaRules, { root: document.root });
}

/** Checks the config schema that a manifest names; nothing where it names none, or none that could be there. */
export async function lintSchemaOf(manifest: SourceDocument, files: PackageFiles): Promise<Finding[]> {
  const at = manifest.root.field("spec").field("configSchemaPath");
  if (at.text === undefined || at.text.trim() === "") return [];
  const path = cleanPath(at.text.replaceAll("\\", "/"));
  if (packagePathFault(path) !== undefined) return [];
  const text = await (await files.find(path))?.text();
  if (text !== undefined) return lintSchemaDocument(new SourceDocument(files.nameOf(path), text));
  const fault = {
    at: valueAt(at),
    message: `spec.configSchemaPath ${path} is not there`,
    suggestion: "add the schema, or leave configSchemaPath out",
  };
  return [toFinding(schemaMissing, fault)];
}
