import { change, type LintCase } from "../case.js";
import { goodManifest, goodPackage } from "./good.js";
import { wrongManifest as wrong } from "./wrong-manifest.js";

const json = (manifest: unknown) => JSON.stringify(manifest, null, 2);

/** Manifests with wrong fields, and files that are no manifests at all. */
export const manifestFields: readonly LintCase[] = [
  {
    ...wrong("a doubled field", "kind: runtime\n", "kind: runtime\nkind: plugin\n"),
    findings: [
      "manifest.yaml:2:1 error document/duplicate-field a field of this name stands above it already | keep one of the two",
    ],
  },
  {
    ...wrong("no YAML", "artifacts:\n", "artifacts: [\n"),
    findings: [
      "manifest.yaml:5:9 error document/syntax it can't be read: Nested mappings are not allowed in compact mappings | write one document of YAML",
    ],
  },
  {
    ...wrong("two documents", "spec:\n", "---\nspec:\n"),
    findings: [
      "manifest.yaml:10:1 error document/syntax it can't be read: a second document begins here | write one document of YAML",
    ],
  },
  {
    name: "no JSON",
    files: { "manifest.json": '{ "kind": "runtime", }\n' },
    findings: [
      "manifest.json:1:22 error document/syntax it can't be read: no JSON: Expected double-quoted property name | write JSON",
    ],
  },
  {
    name: "JSON that stops",
    files: { "manifest.json": '{ "kind": "runtime"' },
    findings: [
      "manifest.json:1:20 error document/syntax it can't be read: no JSON: Expected ',' or '}' after property value | write JSON",
    ],
  },
  {
    name: "an empty file",
    files: { "manifest.yaml": "" },
    findings: [
      "manifest.yaml:1:1 error manifest/type the document is empty, not a map of fields | write kind, source, version and so on below it",
    ],
  },
  {
    name: "a list",
    files: { "manifest.yaml": "- kind: runtime\n" },
    findings: [
      "manifest.yaml:1:1 error manifest/type the document is a list, not a map of fields | write kind, source, version and so on below it",
    ],
  },
  {
    ...wrong("an unknown field", "version: 0.1.0\n", "version: 0.1.0\nhomepage: https://example.com\n"),
    findings: [
      "manifest.yaml:4:1 error manifest/unknown-field homepage is no field of a manifest | take it out; known here: kind, source, version, displayName, description, iconFile, artifacts, entrypoint, release, spec",
    ],
  },
  {
    ...wrong("a slip of the pen", "version: 0.1.0\n", "version: 0.1.0\ndescripton: Fast.\n"),
    findings: [
      "manifest.yaml:4:1 error manifest/unknown-field descripton is no field of a manifest | write description",
    ],
  },
  {
    ...wrong("another spelling", "version: 0.1.0\n", "version: 0.1.0\ndisplay_name: Example # shown\n"),
    findings: [
      "manifest.yaml:4:1 error manifest/unknown-field display_name is no field of a manifest | write displayName",
    ],
    fixed: {
      "manifest.yaml": change(
        goodManifest,
        "version: 0.1.0\n",
        "version: 0.1.0\ndisplayName: Example # shown\n",
      ),
    },
  },
  {
    ...wrong("an unknown field in an artifact", "    arch: amd64\n", "    arch: amd64\n    cpu: v3\n"),
    findings: [
      "manifest.yaml:7:5 error manifest/unknown-field artifacts[0].cpu is no field of a manifest | take it out; known here: os, arch, path, sha256, libc",
    ],
  },
  {
    ...wrong("a field of spec at the top", "spec:\n  configSchemaPath", "configSchemaPath"),
    findings: [
      "manifest.yaml:10:1 error manifest/unknown-field configSchemaPath is no field of a manifest | move it below spec",
    ],
  },
  {
    ...wrong("a field of the entrypoint at the top", "spec:\n", "args: [--verbose]\nspec:\n"),
    findings: [
      "manifest.yaml:10:1 error manifest/unknown-field args is no field of a manifest | move it below entrypoint",
    ],
  },
  {
    ...wrong("no kind", "kind: runtime\n", ""),
    paths: ["manifest.yaml"],
    options: { kind: "manifest" },
    findings: ["manifest.yaml:1:1 error manifest/required kind is missing | add kind: runtime"],
  },
  {
    ...wrong("an empty source", "source: github.com/acme/runtimes/example", 'source: ""'),
    findings: [
      "manifest.yaml:2:9 error manifest/required source is empty | write one such as github.com/<org>/<repo>/<path>",
    ],
  },
  {
    ...wrong("no version", "version: 0.1.0\n", ""),
    findings: ["manifest.yaml:1:1 error manifest/required version is missing | add version: 0.1.0"],
  },
  {
    ...wrong("an artifact without a platform", "  - os: linux\n    arch: amd64\n    path", "  - path"),
    findings: [
      "manifest.yaml:5:5 error manifest/required artifacts[0].os is missing | add os: linux",
      "manifest.yaml:5:5 error manifest/required artifacts[0].arch is missing | add arch: amd64",
    ],
  },
  {
    ...wrong(
      "one artifact, not a list",
      "  - os: linux\n    arch: amd64\n    path: bin/example\n",
      "  os: linux\n  arch: amd64\n  path: bin/example\n",
    ),
    findings: [
      "manifest.yaml:5:3 error manifest/type artifacts is a map, not a list | write its items, each after a dash",
    ],
  },
  {
    ...wrong(
      "arguments as one text",
      "  artifactPath: bin/example\n",
      "  artifactPath: bin/example\n  args: --verbose\n",
    ),
    findings: [
      'manifest.yaml:10:9 error manifest/type entrypoint.args is text, not a list | write ["--verbose"]',
    ],
  },
  {
    ...wrong("a map for a text", "version: 0.1.0\n", "version: 0.1.0\ndescription: { en: Fast. }\n"),
    findings: [
      "manifest.yaml:4:14 error manifest/type description is a map, not text | write it as one text",
    ],
  },
  {
    name: "a number for a text in JSON",
    files: {
      ...goodPackage,
      "manifest.yaml": "",
      "manifest.json": json({
        kind: "runtime",
        source: "github.com/acme/runtimes/example",
        version: 1,
        artifacts: [{ os: "linux", arch: "amd64", path: "bin/example" }],
        entrypoint: { artifactPath: "bin/example" },
      }),
    },
    paths: ["manifest.json"],
    findings: [
      'manifest.json:4:14 error manifest/type version is a number, not text | write "1"',
      'manifest.json:4:14 error manifest/version version "1" is no semantic version | write three numbers, such as 0.1.0, and after them perhaps -beta.1',
    ],
  },
  {
    ...wrong(
      "a number for a text in YAML",
      "  artifactPath: bin/example\n",
      "  artifactPath: bin/example\n  args: [--port, 8080]\n",
    ),
    findings: [
      'manifest.yaml:10:18 warning manifest/bare-text entrypoint.args[1] is text, but 8080 without quotes reads as a number | write "8080"',
    ],
    fixed: {
      "manifest.yaml": change(
        goodManifest,
        "  artifactPath: bin/example\n",
        '  artifactPath: bin/example\n  args: [--port, "8080"]\n',
      ),
    },
  },
  {
    ...wrong("a field with nothing in it", "version: 0.1.0\n", "version: 0.1.0\ndescription:\n"),
    findings: [
      "manifest.yaml:4:1 warning manifest/empty-field description has no value | write its value, or leave the field out",
    ],
  },
];
