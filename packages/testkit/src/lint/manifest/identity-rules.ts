import { kindOf, kinds, sha256Fault, sourceFault, versionFault, type TextFault } from "../identity.js";
import { fieldAt, valueAt, type Fault, type Rule } from "../rule.js";
import { closest } from "../similar.js";
import type { Cursor } from "../text/cursor.js";
import { replaceText } from "../text/edits.js";
import type { ManifestSubject } from "./subject.js";

/** The fault of a text that has rules of its own, at its place. */
export function* textFault(at: Cursor, check: (text: string) => TextFault | undefined): Generator<Fault> {
  const { text } = at;
  if (text === undefined || text.trim() === "") return;
  const found = check(text);
  if (found === undefined) return;
  yield {
    at: valueAt(at),
    message: `${at.label} ${JSON.stringify(text)} ${found.fault}`,
    suggestion: found.mend,
    fix: found.right === undefined ? undefined : replaceText(at, found.right),
  };
}

/** What the package is called, and what it is. */
export const identityRules: readonly Rule<ManifestSubject>[] = [
  {
    id: "manifest/kind",
    severity: "error",
    demands: "kind is one that the host knows, and runtime for a runtime provider",
    *check({ root, kinds: welcome }) {
      const at = root.field("kind");
      const { text } = at;
      if (text === undefined || text.trim() === "") return;
      const kind = kindOf(text);
      if (kind !== undefined && welcome.includes(kind)) return;
      if (kind !== undefined)
        yield {
          at: valueAt(at),
          message: `kind ${text} is no runtime provider`,
          suggestion: `write ${welcome.join(" or ")}; packages of kind ${text} are made and checked by the host's own command line`,
        };
      else
        yield {
          at: valueAt(at),
          message: `kind ${JSON.stringify(text)} is none that the host knows`,
          suggestion: `write ${closest(text, kinds) ?? "runtime"}`,
        };
    },
  },
  {
    id: "manifest/source",
    severity: "error",
    demands:
      "source is github.com/<org>/<repo>/<path...>, each segment of a-z, 0-9, dot, dash and underscore",
    fixes: "takes off https:// and writes lower-case letters",
    check: ({ root }) => textFault(root.field("source"), sourceFault),
  },
  {
    id: "manifest/version",
    severity: "error",
    demands: "version is a semantic version without a leading v",
    fixes: "takes the v off",
    check: ({ root }) => textFault(root.field("version"), versionFault),
  },
  {
    id: "manifest/release-in-archive",
    severity: "error",
    demands: "a released manifest has no release field: that is for source manifests",
    *check({ root, mode }) {
      const at = root.field("release");
      if (mode === "released" && at.value !== undefined)
        yield {
          at: fieldAt(at),
          message: "release stands in a released manifest, which the host refuses",
          suggestion: "leave release out of the manifest in the archive",
        };
    },
  },
];

/** Hashes of artifacts. */
export const hashRules: readonly Rule<ManifestSubject>[] = [
  {
    id: "manifest/sha256",
    severity: "error",
    demands: "an artifact's sha256 is 64 lower-case hex digits, and must be there in a released manifest",
    fixes: "writes it in lower case",
    *check({ root, mode }) {
      for (const artifact of root.field("artifacts").items) {
        const at = artifact.field("sha256");
        if (at.exists) yield* textFault(at, sha256Fault);
        else if (mode === "released" && artifact.isMap)
          yield {
            at: fieldAt(at),
            message: `${at.label} is missing, which only a source manifest may leave out`,
            suggestion: "add the SHA-256 of the artifact in the archive",
          };
      }
    },
  },
];
