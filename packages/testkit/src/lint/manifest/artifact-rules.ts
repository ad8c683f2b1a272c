import { cleanPath } from "../package-path.js";
import { programOf } from "../package/program.js";
import { goName, architectures, isArchitecture, isOperatingSystem, operatingSystems } from "../platform.js";
import { fieldAt, valueAt, type Fault, type Rule } from "../rule.js";
import { isMisspelt } from "../similar.js";
import type { Cursor } from "../text/cursor.js";
import { insertBefore, removeField, replaceText, replaceValue } from "../text/edits.js";
import type { ManifestSubject } from "./subject.js";

/** What the package can start, and where. */
export const artifactRules: readonly Rule<ManifestSubject>[] = [
  {
    id: "manifest/platform-name",
    severity: "error",
    demands: "os and arch are Go's names: linux, darwin, windows; amd64, arm64",
    fixes: "writes Go's name for Node.js's or another",
    *check({ root }) {
      for (const artifact of root.field("artifacts").items) {
        yield* platformFault(artifact.field("os"), isOperatingSystem, operatingSystems);
        yield* platformFault(artifact.field("arch"), isArchitecture, architectures);
      }
    },
  },
  {
    id: "manifest/libc",
    severity: "error",
    demands: "libc is musl or left out",
    fixes: "takes out a libc that means the usual one",
    *check({ root }) {
      for (const artifact of root.field("artifacts").items) {
        const at = artifact.field("libc");
        const { text } = at;
        if (text === undefined || text === "musl") continue;
        const isUsual = ["glibc", "gnu", "libc"].includes(text.toLowerCase());
        yield {
          at: valueAt(at),
          message: `${at.label} ${JSON.stringify(text)} is no libc that the host knows`,
          suggestion: isUsual ? "leave libc out" : "write musl, or leave libc out",
          fix: isUsual ? removeField(at) : undefined,
        };
      }
    },
  },
  {
    id: "manifest/artifact-unique",
    severity: "error",
    demands: "no two artifacts have one path, or one os and arch",
    *check({ root }) {
      const artifacts = root.field("artifacts").items;
      yield* twice(artifacts, "path", (artifact) => {
        const path = artifact.field("path").text;
        return path === undefined ? undefined : cleanPath(path);
      });
      yield* twice(artifacts, "os and arch", (artifact) => {
        const os = artifact.field("os").text;
        const arch = artifact.field("arch").text;
        return os === undefined || arch === undefined
          ? undefined
          : `${goName(os) ?? os}/${goName(arch) ?? arch}`;
      });
    },
  },
  {
    id: "manifest/entrypoint-missing",
    severity: "error",
    demands: "there is an entrypoint: the host can build none itself for a Node.js runtime",
    fixes: "adds the entrypoint of a manifest with one artifact",
    *check({ root }) {
      if (!root.isMap || root.field("entrypoint").exists || isMisspelt(root, "entrypoint")) return;
      if (root.field("kind").text === "ui") return;
      const { items: artifacts } = root.field("artifacts");
      const path = artifacts[0]?.field("path").text;
      const isOnly =
        artifacts.length === 1 && path !== undefined && root.field("entrypoint").value === undefined;
      yield {
        at: fieldAt(root.field("entrypoint")),
        message:
          "entrypoint is missing, which the host takes only where it can build the program itself, and it can't for Node.js",
        suggestion: `add entrypoint with artifactPath: ${path ?? "<path of an artifact>"}`,
        fix: isOnly ? insertBefore(root.field("artifacts"), "entrypoint", { artifactPath: path }) : undefined,
      };
    },
  },
  {
    id: "manifest/artifacts-missing",
    severity: "error",
    demands: "artifacts names what the entrypoint starts, with its platform",
    fixes: "adds the artifact, for the platform that a program is built for, or for this machine's",
    async *check(subject) {
      const { root } = subject;
      const path = root.field("entrypoint").field("artifactPath");
      const artifacts = root.field("artifacts");
      if (path.text === undefined || path.text.trim() === "" || isMisspelt(root, "artifacts")) return;
      if (artifacts.exists && (!Array.isArray(artifacts.value) || artifacts.items.length > 0)) return;
      const artifact = await describeArtifact(subject, cleanPath(path.text.replaceAll("\\", "/")));
      yield {
        at: artifacts.value === undefined ? valueAt(path) : fieldAt(artifacts),
        message: `entrypoint.artifactPath ${JSON.stringify(path.text)} is no artifact: the manifest lists none`,
        suggestion: `add artifacts with os: ${artifact.os}, arch: ${artifact.arch}, path: ${artifact.path}`,
        fix:
          artifacts.value === undefined
            ? insertBefore(root.field("entrypoint"), "artifacts", [artifact])
            : replaceValue(artifacts, [artifact]),
      };
    },
  },
  {
    id: "manifest/entrypoint-artifact",
    severity: "error",
    demands: "entrypoint.artifactPath is the path of one of the artifacts",
    *check({ root }) {
      const at = root.field("entrypoint").field("artifactPath");
      const paths = root
        .field("artifacts")
        .items.map((artifact) => artifact.field("path").text)
        .filter((path) => path !== undefined);
      const { text } = at;
      if (text === undefined || text.trim() === "" || paths.length === 0) return;
      if (paths.some((path) => cleanPath(path) === cleanPath(text.replaceAll("\\", "/")))) return;
      yield {
        at: valueAt(at),
        message: `entrypoint.artifactPath ${JSON.stringify(text)} is the path of no artifact`,
        suggestion: `write ${paths.map(cleanPath).join(" or ")}, or add the artifact`,
      };
    },
  },
  {
    id: "manifest/one-platform",
    severity: "error",
    demands: "a released manifest is for one platform: the host starts its entrypoint on every one",
    *check({ root, mode }) {
      const { items } = root.field("artifacts");
      if (mode === "source" || items.length < 2) return;
      yield {
        at: fieldAt(root.field("artifacts")),
        message: `${items.length} artifacts share one entrypoint, and the host would start it on every platform of theirs`,
        suggestion: "make one archive per platform, each with a manifest of its own",
      };
    },
  },
];

/** The artifact that an entrypoint means: what a program says of itself, else this machine's platform. */
async function describeArtifact({ files, platform }: ManifestSubject, path: string) {
  const file = await files?.find(path);
  const program = file === undefined ? undefined : programOf(file.head);
  const { os, arch } = (program?.type === "executable" ? program.platform : undefined) ?? platform;
  return { os, arch, path };
}

function* platformFault(
  at: Cursor,
  isRight: (name: string) => boolean,
  names: readonly string[],
): Generator<Fault> {
  const { text } = at;
  if (text === undefined || text.trim() === "" || isRight(text)) return;
  const meant = goName(text);
  const right = meant !== undefined && isRight(meant) ? meant : undefined;
  yield {
    at: valueAt(at),
    message: `${at.label} ${JSON.stringify(text)} is none of the host's: ${names.join(", ")}`,
    suggestion: `write ${right ?? names.join(" or ")}`,
    fix: right === undefined ? undefined : replaceText(at, right),
  };
}

function* twice(
  artifacts: readonly Cursor[],
  what: string,
  keyOf: (artifact: Cursor) => string | undefined,
): Generator<Fault> {
  const seen = new Map<string, Cursor>();
  for (const artifact of artifacts) {
    const key = keyOf(artifact);
    if (key === undefined) continue;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, artifact);
    else
      yield {
        at: valueAt(artifact),
        message: `${artifact.label} has the ${what} of ${first.label}: ${key}`,
        suggestion: `give it ${what === "path" ? "a path" : "a platform"} of its own, or take one of the two out`,
      };
  }
}
