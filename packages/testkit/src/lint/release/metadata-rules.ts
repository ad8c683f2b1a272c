import {
  kindOf,
  kinds,
  packageName,
  sha256Fault,
  sourceFault,
  versionFault,
  type Kind,
} from "../identity.js";
import { textFault } from "../manifest/identity-rules.js";
import { goName, isArchitecture, isOperatingSystem, parsePlatform } from "../platform.js";
import { fieldAt, valueAt, wholeFile, type Fault, type Rule } from "../rule.js";
import { closest } from "../similar.js";
import type { Cursor } from "../text/cursor.js";
import { renameField, replaceText } from "../text/edits.js";

/** What the rules for a release's metadata look at: the file alone. */
export interface MetadataSubject {
  readonly root: Cursor;
  readonly kinds: readonly Kind[];
}

export const metadataFile = "provider-release.yaml";

/** What `provider-release.yaml` says, without a look at its archives. */
export const metadataRules: readonly Rule<MetadataSubject>[] = [
  {
    id: "release/file-name",
    severity: "warning",
    demands: "the file is called provider-release.yaml: a config of apiVersion v4 takes no other name",
    *check({ root }) {
      const { file } = root.document;
      if (file.split("/").at(-1) !== metadataFile)
        yield {
          at: wholeFile(file),
          message: `a config of apiVersion v4 takes no release file of this name`,
          suggestion: `call it ${metadataFile}`,
        };
    },
  },
  {
    id: "release/schema",
    severity: "error",
    demands: "schema is gestaltd-provider-release, schemaVersion is 1",
    fixes: "writes the schema's name right",
    *check({ root }) {
      const schema = root.field("schema");
      const name = "gestaltd-provider-release";
      if (schema.text !== undefined && schema.text.trim() !== "" && schema.text !== name)
        yield {
          at: valueAt(schema),
          message: `schema ${JSON.stringify(schema.text)} is none that the host knows`,
          suggestion: `write ${name}`,
          fix: replaceText(schema, name),
        };
      const version = root.field("schemaVersion");
      if (typeof version.value === "number" && version.value !== 1)
        yield {
          at: valueAt(version),
          message: `schemaVersion ${version.value} is none that the host knows`,
          suggestion: "write 1",
        };
    },
  },
  {
    id: "release/package",
    severity: "error",
    demands: "package is the manifest's source, github.com/<org>/<repo>/<path...>",
    fixes: "takes off https:// and writes lower-case letters",
    check: ({ root }) => textFault(root.field("package"), sourceFault),
  },
  {
    id: "release/version",
    severity: "error",
    demands: "version is a semantic version without a leading v",
    fixes: "takes the v off",
    check: ({ root }) => textFault(root.field("version"), versionFault),
  },
  {
    id: "release/kind",
    severity: "error",
    demands: "kind is one that the host knows, and runtime for a runtime provider",
    *check({ root, kinds: welcome }) {
      const at = root.field("kind");
      if (at.text === undefined || at.text.trim() === "") return;
      const kind = kindOf(at.text);
      if (kind !== undefined && welcome.includes(kind)) return;
      yield {
        at: valueAt(at),
        message: `kind ${JSON.stringify(at.text)} is ${kind === undefined ? "none that the host knows" : "no runtime provider"}`,
        suggestion: `write ${kind === undefined ? (closest(at.text, kinds) ?? "runtime") : welcome.join(" or ")}`,
      };
    },
  },
  {
    id: "release/runtime",
    severity: "error",
    demands: "runtime says executable, for scripts too",
    fixes: "writes executable",
    *check({ root }) {
      const at = root.field("runtime");
      if (at.text === undefined || at.text.trim() === "" || at.text === "executable") return;
      yield {
        at: valueAt(at),
        message: `runtime ${JSON.stringify(at.text)} is none that the host has for this kind`,
        suggestion: "write executable, also for a script",
        fix: replaceText(at, "executable"),
      };
    },
  },
  {
    id: "release/platform",
    severity: "error",
    demands: "artifacts are listed by os/arch in Go's names; generic is refused for runtimes",
    fixes: "writes Go's names for Node.js's",
    *check({ root }) {
      const artifacts = root.field("artifacts");
      for (const at of artifacts.fields) if (parsePlatform(at.name) === undefined) yield platformFault(at);
      if (artifacts.isMap && artifacts.fields.length === 0)
        yield {
          at: valueAt(artifacts),
          message: "artifacts is empty",
          suggestion: "list the archive of each platform, such as linux/amd64",
        };
    },
  },
  {
    id: "release/sha256",
    severity: "error",
    demands: "an archive's sha256 is 64 lower-case hex digits",
    fixes: "writes it in lower case",
    *check({ root }) {
      for (const artifact of root.field("artifacts").fields)
        yield* textFault(artifact.field("sha256"), sha256Fault);
    },
  },
  {
    id: "release/shared-archive",
    severity: "error",
    demands: "each platform has an archive of its own, since each archive's manifest names one entrypoint",
    *check({ root }) {
      const seen = new Map<string, Cursor>();
      for (const artifact of root.field("artifacts").fields) {
        const path = artifact.field("path");
        const first = seen.get(path.text ?? "");
        if (path.text === undefined) continue;
        if (first === undefined) seen.set(path.text, artifact);
        else
          yield {
            at: valueAt(path),
            message: `${artifact.name} has the archive of ${first.name}, so the host would start one entrypoint on both`,
            suggestion: `make an archive for ${artifact.name}, with a manifest of its own`,
          };
      }
    },
  },
  {
    id: "release/archive-name",
    severity: "note",
    demands:
      "archives are called as the host's command line calls them: gestalt-plugin-<name>_v<version>_<os>_<arch>.tar.gz",
    *check({ root }) {
      const source = root.field("package").text ?? "";
      const version = root.field("version").text ?? "";
      if (sourceFault(source) !== undefined || versionFault(version) !== undefined) return;
      for (const artifact of root.field("artifacts").fields) {
        const at = artifact.field("path");
        const file = at.text?.split("/").at(-1);
        const platform = parsePlatform(artifact.name);
        if (file === undefined || platform === undefined) continue;
        const usual = `gestalt-plugin-${packageName(source)}_v${version}`;
        const full = `${usual}_${platform.os}_${platform.arch}.tar.gz`;
        if (file !== full && file !== `${usual}.tar.gz`)
          yield {
            at: valueAt(at),
            message: `${file} is not the name that people look for`,
            suggestion: `call it ${full}`,
          };
      }
    },
  },
];

function platformFault(at: Cursor): Fault {
  const [os = "", arch = "", ...rest] = at.name.split(/[/_-]/).map((part) => goName(part) ?? part);
  const isMeant = rest.length === 0 && isOperatingSystem(os) && isArchitecture(arch);
  const right = isMeant && at.parent.field(`${os}/${arch}`).value === undefined ? `${os}/${arch}` : undefined;
  return {
    at: fieldAt(at),
    message:
      at.name === "generic"
        ? "the host refuses a generic archive for a runtime"
        : `${JSON.stringify(at.name)} is no platform of the host`,
    suggestion: right === undefined ? "write os/arch, such as linux/amd64" : `write ${right}`,
    fix: right === undefined ? undefined : renameField(at, right),
  };
}
