import { packagePathFault } from "../package-path.js";
import { valueAt, type Fault, type Rule } from "../rule.js";
import { replaceText } from "../text/edits.js";
import { pathFields, type ManifestSubject } from "./subject.js";

function* pathFaults(subject: ManifestSubject, isMendable: boolean): Generator<Fault> {
  for (const at of pathFields(subject)) {
    const path = at.text ?? "";
    const found = packagePathFault(path);
    if (found === undefined || (found.right !== undefined) !== isMendable) continue;
    const { fault, right } = found;
    yield {
      at: valueAt(at),
      message: `${at.label} ${JSON.stringify(path)} ${fault}`,
      suggestion:
        right !== undefined
          ? `write ${right}`
          : at.name === "workdir"
            ? "write a folder below the manifest's, or leave workdir out for that one"
            : "write the path of a file below the manifest's folder",
      fix: right === undefined ? undefined : replaceText(at, right),
    };
  }
}

/** Paths inside the package. */
export const pathRules: readonly Rule<ManifestSubject>[] = [
  {
    id: "manifest/path-normalized",
    severity: "error",
    demands: "every path is normalised (no leading ./, no doubled slash, no dots) and has forward slashes",
    fixes: "writes the path without them",
    check: (subject) => pathFaults(subject, true),
  },
  {
    id: "manifest/path-inside",
    severity: "error",
    demands: "every path is relative and stays inside the package",
    check: (subject) => pathFaults(subject, false),
  },
  {
    id: "manifest/icon-svg",
    severity: "error",
    demands: "iconFile is an SVG",
    *check({ root }) {
      const at = root.field("iconFile");
      if (at.text !== undefined && at.text.trim() !== "" && !at.text.toLowerCase().endsWith(".svg"))
        yield {
          at: valueAt(at),
          message: `iconFile ${JSON.stringify(at.text)} is no SVG`,
          suggestion: "name a file that ends in .svg",
        };
    },
  },
];
