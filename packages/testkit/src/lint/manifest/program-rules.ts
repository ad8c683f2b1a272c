import { cleanPath, packagePathFault } from "../package-path.js";
import type { PackageFile } from "../package/package-files.js";
import { programOf } from "../package/program.js";
import { formatPlatform, isArchitecture, isOperatingSystem, type Platform } from "../platform.js";
import { valueAt, type Fault, type Rule } from "../rule.js";
import type { Cursor } from "../text/cursor.js";
import type { ManifestSubject } from "./subject.js";

interface ArtifactFile {
  /** The artifact's path in the manifest. */
  readonly at: Cursor;
  readonly artifact: Cursor;
  readonly path: string;
  readonly file: PackageFile | undefined;
}

/** The artifacts whose paths are good enough to look for. */
async function* artifactFiles({ root, files }: ManifestSubject): AsyncGenerator<ArtifactFile> {
  for (const artifact of files === undefined ? [] : root.field("artifacts").items) {
    const at = artifact.field("path");
    const fault = at.text === undefined || at.text.trim() === "" ? undefined : packagePathFault(at.text);
    const path = fault === undefined ? at.text : fault.right;
    if (path !== undefined && path.trim() !== "") yield { at, artifact, path, file: await files?.find(path) };
  }
}

async function* eachProgram(subject: ManifestSubject) {
  for await (const found of artifactFiles(subject))
    if (found.file !== undefined) yield { ...found, file: found.file, program: programOf(found.file.head) };
}

/** What the artifacts are, where they are at hand. */
export const programRules: readonly Rule<ManifestSubject>[] = [
  {
    id: "manifest/artifact-file",
    severity: "warning",
    demands: "in a source package, each artifact is there, or made by a build before packaging",
    async *check(subject) {
      if (subject.mode !== "source") return;
      for await (const { at, path, file } of artifactFiles(subject))
        if (file === undefined)
          yield {
            at: valueAt(at),
            message: `${at.label} ${path} is not there`,
            suggestion: "build it before you package, or write the path of what the build makes",
          };
    },
  },
  {
    id: "archive/artifact-missing",
    severity: "error",
    demands: "an archive holds the artifacts that its manifest names",
    async *check(subject) {
      if (subject.mode !== "released") return;
      for await (const { at, path, file } of artifactFiles(subject))
        if (file === undefined)
          yield {
            at: valueAt(at),
            message: `${at.label} ${path} is not in the archive`,
            suggestion: "pack it under that path",
          };
    },
  },
  {
    id: "manifest/artifact-hash",
    severity: "error",
    demands: "an artifact's sha256 is that of the file",
    async *check(subject) {
      for await (const { artifact, path, file } of artifactFiles(subject)) {
        const at = artifact.field("sha256");
        if (file === undefined || at.text === undefined || !/^[0-9a-f]{64}$/i.test(at.text)) continue;
        const actual = await file.sha256();
        if (actual !== at.text.toLowerCase())
          yield {
            at: valueAt(at),
            message: `${at.label} is not the hash of ${path}`,
            suggestion: `write ${actual}, if that is the file that you mean`,
          };
      }
    },
  },
  {
    id: "manifest/run-bit",
    severity: "error",
    demands: "an artifact may be executed by its owner",
    async *check(subject) {
      for await (const { at, path, file } of artifactFiles(subject))
        if (file !== undefined && !file.runBit)
          yield {
            at: valueAt(at),
            message: `${path} has no run bit, so the host can't start it`,
            suggestion: subject.mode === "source" ? `run chmod +x ${path}` : "pack it with mode 0755",
          };
    },
  },
  {
    id: "manifest/program",
    severity: "error",
    demands:
      "an artifact is a program of its platform, or a script with a first line that names its interpreter",
    async *check(subject) {
      for await (const found of eachProgram(subject)) yield* programFault(found);
    },
  },
  {
    id: "manifest/wrapped-script",
    severity: "warning",
    demands:
      "a script is started by node itself: behind npx or tsx it is not the host's child, and ends (PROC-7)",
    async *check(subject) {
      for await (const { at, path, program } of eachProgram(subject)) {
        if (program.type !== "script") continue;
        const wrapper = /\b(npx|npm|pnpm|yarn|tsx|ts-node|bunx)\b|--watch\b/.exec(program.interpreter)?.[0];
        if (wrapper !== undefined)
          yield {
            at: valueAt(at),
            message: `${path} is started by ${wrapper}, so its program is not the host's child and ends at once (PROC-7)`,
            suggestion: "bundle it to one file of JavaScript that begins with #!/usr/bin/env node",
          };
      }
    },
  },
  {
    id: "manifest/script-in-sandbox",
    severity: "note",
    demands: "know that a script can't start in the host's sandbox (PROC-10)",
    async *check(subject) {
      for await (const { at, path, program } of eachProgram(subject))
        if (program.type === "script")
          yield {
            at: valueAt(at),
            message: `${path} is a script: it wants ${interpreterName(program.interpreter)} on the host's PATH, and does not start where the operator denies egress (PROC-10)`,
            suggestion: "package it as an executable for such hosts",
          };
    },
  },
  {
    id: "manifest/argument-path",
    severity: "warning",
    demands: "entrypoint.args name no file of the package: the working directory is the host's",
    async *check({ root, files }) {
      for (const at of root.field("entrypoint").field("args").items) {
        const path = cleanPath((at.text ?? "").replace(/^-[^=]*=/, "") || ".");
        if (packagePathFault(path) !== undefined || !/[./]/.test(path)) continue;
        if ((await files?.find(path)) === undefined) continue;
        yield {
          at: valueAt(at),
          message: `${at.label} ${JSON.stringify(at.text)} names a file of the package, but the program runs in the host's working directory`,
          suggestion: "let the program find the file beside itself, or bundle it",
        };
      }
    },
  },
  {
    id: "manifest/icon-file",
    severity: "error",
    demands: "iconFile is there",
    async *check({ root, files }) {
      const at = root.field("iconFile");
      if (files === undefined || at.text === undefined || at.text.trim() === "") return;
      const path = cleanPath(at.text);
      if (packagePathFault(path) !== undefined || (await files.find(path)) !== undefined) return;
      yield {
        at: valueAt(at),
        message: `iconFile ${path} is not there`,
        suggestion: "add the file, or leave iconFile out",
      };
    },
  },
];

function* programFault({
  at,
  artifact,
  path,
  program,
}: ArtifactFile & { program: ReturnType<typeof programOf> }): Generator<Fault> {
  const platform = platformOf(artifact);
  const place = valueAt(at);
  if (program.type === "other")
    yield {
      at: place,
      message: `${path} is no program: it begins neither as an executable nor with #!`,
      suggestion: "begin the script with #!/usr/bin/env node",
    };
  else if (program.type === "script") yield* scriptFault(place, path, program.interpreter, platform);
  else if (platform !== undefined && !isSame(program.platform, platform))
    yield {
      at: place,
      message: `${path} is a program for ${program.platform === undefined ? "a platform that the host does not know" : formatPlatform(program.platform)}, not for ${formatPlatform(platform)}`,
      suggestion: `build it for ${formatPlatform(platform)}, or write the platform that it is for`,
    };
}

function* scriptFault(
  at: Fault["at"],
  path: string,
  interpreter: string,
  platform: Platform | undefined,
): Generator<Fault> {
  if (platform?.os === "windows")
    yield {
      at,
      message: `${path} is a script, which Windows can't start`,
      suggestion: "package it as an executable",
    };
  else if (!interpreter.startsWith("/"))
    yield {
      at,
      message: `${path} begins with #!${interpreter}, which names no absolute path`,
      suggestion: "begin it with #!/usr/bin/env node",
    };
}

function isSame(a: Platform | undefined, b: Platform): boolean {
  return a?.os === b.os && a.arch === b.arch;
}

function platformOf(artifact: Cursor): Platform | undefined {
  const os = artifact.field("os").text ?? "";
  const arch = artifact.field("arch").text ?? "";
  return isOperatingSystem(os) && isArchitecture(arch) ? { os, arch } : undefined;
}

function interpreterName(line: string): string {
  const words = line.split(/\s+/);
  const name =
    words[0]?.endsWith("/env") === true ? words.slice(1).find((word) => !word.startsWith("-")) : words[0];
  return name ?? "its interpreter";
}
