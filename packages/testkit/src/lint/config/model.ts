import { cleanPath } from "../package-path.js";
import type { Cursor } from "../text/cursor.js";
import { isOpen } from "../text/variables.js";

/** The syntaxes of an operator's config, by the end of their `apiVersion`. */
export const apiVersions = ["v3", "v4", "v5"] as const;
export type ApiVersion = (typeof apiVersions)[number];

export function apiVersionOf(root: Cursor): ApiVersion | undefined {
  const { value } = root.field("apiVersion");
  return apiVersions.find((version) => value === `gestaltd.config/${version}`);
}

/** Something in a config that comes from a package. */
export interface PackageEntry {
  /** The entry itself, for example `runtime.providers.process`. */
  readonly at: Cursor;
  readonly role: "runtime" | "plugin" | "provider";
}

export function packageEntries(root: Cursor): PackageEntry[] {
  const kinds = root.field("providers").fields;
  return [
    ...root
      .field("runtime")
      .field("providers")
      .fields.map((at) => ({ at, role: "runtime" as const })),
    ...root.field("plugins").fields.map((at) => ({ at, role: "plugin" as const })),
    ...kinds.flatMap((kind) => kind.fields.map((at) => ({ at, role: "provider" as const }))),
  ];
}

/** The place that says which runtime a plugin or an agent runs in, where one does. */
export interface HostedEntry {
  readonly at: Cursor;
  /** `execution.runtime`, or `runtime` from v5. */
  readonly runtime: Cursor;
  /** The field that makes it hosted. */
  readonly cause: Cursor;
}

/** Everything that is hosted in a runtime session. */
export function hostedEntries(root: Cursor, version: ApiVersion | undefined): HostedEntry[] {
  const entries = [...root.field("plugins").fields, ...root.field("providers").field("agent").fields];
  return entries.flatMap((at): HostedEntry[] => {
    const runtime = at.field("runtime");
    if (version === "v5") return runtime.exists ? [{ at, runtime, cause: runtime }] : [];
    const execution = at.field("execution");
    const mode = execution.field("mode").text?.trim().toLowerCase();
    const isHosted = mode === "hosted" || (mode !== "local" && execution.field("runtime").exists);
    return isHosted ? [{ at, runtime: execution.field("runtime"), cause: execution }] : [];
  });
}

/** Where a package comes from. */
export type Source =
  | { readonly form: "path"; readonly at: Cursor; readonly path: string }
  | { readonly form: "url"; readonly at: Cursor; readonly url: string }
  | { readonly form: "github-release"; readonly at: Cursor }
  /** One word for something inside the host. */
  | { readonly form: "builtin"; readonly at: Cursor; readonly name: string };

/** Undefined for none, or for one that holds `${...}` and so is known to the host alone. */
export function sourceOf(entry: Cursor): Source | undefined {
  const at = entry.field("source");
  if (typeof at.value === "string") return isOpen(at.value) ? undefined : scalarSource(at, at.value.trim());
  const path = at.field("path");
  const url = at.field("url");
  if (path.text !== undefined)
    return isOpen(path.text) ? undefined : { form: "path", at: path, path: path.text.trim() };
  if (url.text !== undefined)
    return isOpen(url.text) ? undefined : { form: "url", at: url, url: url.text.trim() };
  const release = at.field("githubRelease");
  return release.exists ? { form: "github-release", at: release } : undefined;
}

function scalarSource(at: Cursor, source: string): Source | undefined {
  if (source === "") return undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source) || source.startsWith("git@"))
    return { form: "url", at, url: source };
  return /^[a-z][a-zA-Z0-9_-]*$/.test(source)
    ? { form: "builtin", at, name: source }
    : { form: "path", at, path: source };
}

export function lastPart(path: string): string {
  return cleanPath(path).split("/").at(-1) ?? "";
}
