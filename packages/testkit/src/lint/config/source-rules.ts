import { isOpen } from "../text/variables.js";
import { cleanPath } from "../package-path.js";
import { fieldAt, valueAt, type Fault, type Rule } from "../rule.js";
import { shapeFaults } from "../shape.js";
import { metadataFile } from "../release/metadata-rules.js";
import { manifestNames } from "../archive/package-rules.js";
import { apiVersions, lastPart, type ApiVersion } from "./model.js";
import { sourceShape } from "./shape.js";
import { runtimeEntries, type ConfigEntry, type ConfigSubject } from "./subject.js";
import { replaceText } from "../text/edits.js";

/** Which syntax the config is in, and where its packages come from. */
export const sourceRules: readonly Rule<ConfigSubject>[] = [
  {
    id: "config/api-version",
    severity: "error",
    demands: "apiVersion is gestaltd.config/v3, v4 or (on hosts from May 2026) v5",
    fixes: "completes one that is only cut short",
    *check({ root, version }) {
      const at = root.field("apiVersion");
      if (!root.isMap || version !== undefined || isOpen(String(at.value)) || isLater(at.text)) return;
      const short = /(^|[/.])(v[345])$/i.exec(at.text?.trim() ?? "")?.[2]?.toLowerCase();
      const right = `gestaltd.config/${apiVersions.find((known) => known === short) ?? "v4"}`;
      yield {
        at: at.value === undefined ? fieldAt(at) : valueAt(at),
        message: at.exists
          ? `apiVersion ${JSON.stringify(at.value)} is none that a host knows`
          : "apiVersion is missing",
        suggestion: `write apiVersion: ${right}`,
        fix: short === undefined ? undefined : replaceText(at, right),
      };
    },
  },
  {
    id: "config/api-version-later",
    severity: "warning",
    demands: "know that nothing is said here of what is new after gestaltd.config/v5",
    *check({ root }) {
      const at = root.field("apiVersion");
      if (isLater(at.text))
        yield {
          at: valueAt(at),
          message: `apiVersion ${at.text ?? ""} is later than what is known here`,
          suggestion: "ask the host itself what it takes",
        };
    },
  },
  {
    id: "config/source-missing",
    severity: "error",
    demands: "a runtime provider has a source, unless its driver is local",
    *check(subject) {
      for (const { at } of runtimeEntries(subject))
        if (at.field("driver").text === undefined && isBlank(at.field("source").value))
          yield {
            at: fieldAt(at),
            message: `${at.label} has no source`,
            suggestion: "add source: <path of provider-release.yaml>",
          };
    },
  },
  {
    id: "config/source-fields",
    severity: "error",
    demands:
      "a source is one text, or a map of path, of url (with auth.token), or of githubRelease (repo, tag, asset)",
    *check({ entries }) {
      for (const { at } of entries) {
        const source = at.field("source");
        if (typeof source.value !== "object" || source.value === null) continue;
        yield* shapeFaults(source, sourceShape, { what: "a source", expands: true });
        const given = ["path", "url", "githubRelease"].filter(
          (name) => source.field(name).value !== undefined,
        );
        if (source.isMap && given.length !== 1)
          yield {
            at: valueAt(source),
            message: `${source.label} names ${given.length === 0 ? "no place" : given.join(" and ")}`,
            suggestion: "write one of path, url and githubRelease",
          };
      }
    },
  },
  {
    id: "config/source-form",
    severity: "error",
    demands:
      "v3 takes the path of a source manifest or a release's URL; v4 and v5 a release's path, its URL or a GitHub release",
    *check({ entries, version }) {
      if (version !== undefined) for (const entry of entries) yield* formFault(entry, version);
    },
  },
  {
    id: "config/source-url",
    severity: "error",
    demands: "a source's URL is http or https, and of a provider-release.yaml",
    *check({ entries }) {
      for (const { source } of entries) {
        if (source?.form !== "url") continue;
        const fault = urlFault(source.url);
        if (fault !== undefined)
          yield {
            at: valueAt(source.at),
            message: `${source.url} ${fault}`,
            suggestion: `write the http or https address of a ${metadataFile}`,
          };
      }
    },
  },
  {
    id: "config/source-file",
    severity: "error",
    demands: "the file that a source names is there, relative to the config",
    *check({ entries }) {
      for (const { source, file, fileExists } of entries)
        if (source?.form === "path" && file !== undefined && !fileExists)
          yield {
            at: valueAt(source.at),
            message: `${source.path} is not there`,
            suggestion: "write a path relative to this config's folder, or make the release first",
          };
    },
  },
  {
    id: "config/source-from-source",
    severity: "error",
    demands: "a Node.js runtime comes as a release: the host runs none from its source manifest",
    *check(subject) {
      // From v4 on a manifest is no source at all.
      if (subject.version === "v4" || subject.version === "v5") return;
      for (const { source, package: found } of runtimeEntries(subject))
        if (source?.form === "path" && isManifest(source.path) && found !== undefined && !found.isBuiltByHost)
          yield {
            at: valueAt(source.at),
            message: `the host runs no Node.js runtime from a source manifest (${source.path})`,
            suggestion: `package it, and with apiVersion: gestaltd.config/v4 name its ${metadataFile}`,
          };
    },
  },
  {
    id: "config/source-refused",
    severity: "error",
    demands: "what a runtime provider's source names is a release of a runtime provider, without errors",
    *check(subject) {
      for (const { source, package: found, file } of runtimeEntries(subject)) {
        const [first, ...others] = found?.errors ?? [];
        if (source === undefined || first === undefined) continue;
        const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
        yield {
          at: valueAt(source.at),
          message: `the host refuses ${lastPart(file ?? "")}: ${first.message}${more}`,
          suggestion: `run gestalt-runtime lint ${file ?? ""}`,
        };
      }
    },
  },
  {
    id: "config/plain-token",
    severity: "warning",
    demands: "a source's token is taken from the environment, not written down",
    *check({ entries }) {
      for (const { at } of entries) {
        const token = at.field("source").field("auth").field("token");
        if (token.text !== undefined && token.text.trim() !== "" && !isOpen(token.text))
          yield {
            at: valueAt(token),
            message: `${token.label} is written down for everybody who reads this file`,
            suggestion: "write ${NAME} and set NAME in the host's environment",
          };
      }
    },
  },
];

function* formFault({ at, role, source }: ConfigEntry, version: ApiVersion): Generator<Fault> {
  if (source === undefined) return;
  const place = valueAt(source.at);
  if (source.form === "builtin" && role === "runtime")
    yield {
      at: place,
      message: `${source.name} is no source of a runtime provider`,
      suggestion:
        source.name === "local"
          ? "write driver: local in place of source"
          : `write the path of a ${metadataFile}`,
    };
  if (version === "v3") {
    if (source.form === "path" && lastPart(source.path) === metadataFile)
      yield {
        at: place,
        message:
          "gestaltd.config/v3 takes the path of a source manifest, or a URL, but no release by its path",
        suggestion: "write apiVersion: gestaltd.config/v4 at the top",
      };
    else if (
      typeof at.field("source").value === "object" &&
      (source.form === "url" || source.form === "github-release")
    )
      yield {
        at: place,
        message: `gestaltd.config/v3 knows no ${source.form === "url" ? "url" : "githubRelease"} in a source`,
        suggestion:
          source.form === "url"
            ? `write source: ${source.url}`
            : "write apiVersion: gestaltd.config/v4 at the top",
      };
  } else if (source.form === "path" && lastPart(source.path) !== metadataFile) {
    const folder = isManifest(source.path) ? "../dist/" : /\.(ya?ml|json)$/.test(source.path) ? "../" : "";
    yield {
      at: place,
      message: `gestaltd.config/${version} takes a path only where it ends in ${metadataFile}, and never a manifest`,
      suggestion: `write the path of its ${metadataFile}, such as ${asWritten(cleanPath(`${source.path}/${folder}${metadataFile}`))}`,
    };
  }
}

function isLater(apiVersion: string | undefined): boolean {
  const number = /^gestaltd\.config\/v(\d+)$/.exec(apiVersion ?? "")?.[1];
  return number !== undefined && Number(number) > 5;
}

function isManifest(path: string): boolean {
  return (manifestNames as readonly string[]).includes(lastPart(path));
}

function asWritten(path: string): string {
  return path.startsWith("/") || path.startsWith("../") ? path : `./${path}`;
}

function urlFault(url: string): string | undefined {
  if (!/^https?:\/\//i.test(url)) return "is no http or https address";
  if (!URL.canParse(url)) return "is no address";
  const name = new URL(url).pathname.split("/").at(-1) ?? "";
  return name === metadataFile ? undefined : `names ${name === "" ? "no file" : name}, not a ${metadataFile}`;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}
