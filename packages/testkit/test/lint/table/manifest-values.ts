import { change, type LintCase } from "../case.js";
import { goodManifest } from "./good.js";
import { wrongManifest as wrong } from "./wrong-manifest.js";

/** Manifests with wrong names, versions and paths. */
export const manifestValues: readonly LintCase[] = [
  {
    ...wrong("another kind of package", "kind: runtime", "kind: plugin"),
    findings: [
      "manifest.yaml:1:7 error manifest/kind kind plugin is no runtime provider | write runtime; packages of kind plugin are made and checked by the host's own command line",
    ],
  },
  {
    ...wrong("a kind that is none", "kind: runtime", "kind: runtme"),
    findings: [
      'manifest.yaml:1:7 error manifest/kind kind "runtme" is none that the host knows | write runtime',
    ],
  },
  {
    ...wrong(
      "a source with a scheme and capitals",
      "github.com/acme/runtimes/example",
      "https://github.com/Acme/Runtimes/example",
    ),
    findings: [
      'manifest.yaml:2:9 error manifest/source source "https://github.com/Acme/Runtimes/example" is not the name of a package | write github.com/acme/runtimes/example',
    ],
    fixed: { "manifest.yaml": goodManifest },
  },
  {
    ...wrong("a source of another host", "github.com/acme", "gitlab.com/acme"),
    findings: [
      'manifest.yaml:2:9 error manifest/source source "gitlab.com/acme/runtimes/example" is not the name of a package: it begins with github.com and nothing else | write github.com/<org>/<repo>/<path...> in lower-case letters, digits, dots, dashes and underscores',
    ],
  },
  {
    ...wrong("a source without a path", "github.com/acme/runtimes/example", "github.com/acme/runtimes"),
    findings: [
      'manifest.yaml:2:9 error manifest/source source "github.com/acme/runtimes" is not the name of a package: it lacks a path after the repository | write github.com/acme/runtimes/<name>',
    ],
  },
  {
    ...wrong("a source with a wrong segment", "runtimes/example", "runtimes/my runtime"),
    findings: [
      'manifest.yaml:2:9 error manifest/source source "github.com/acme/runtimes/my runtime" is not the name of a package: "my runtime" is no segment of one | write github.com/<org>/<repo>/<path...> in lower-case letters, digits, dots, dashes and underscores',
    ],
  },
  {
    ...wrong("a version with a v, quoted and with a comment", "version: 0.1.0", "version: 'v0.1.0' # first"),
    findings: [
      'manifest.yaml:3:10 error manifest/version version "v0.1.0" is no semantic version | write 0.1.0',
    ],
    fixed: { "manifest.yaml": change(goodManifest, "version: 0.1.0", "version: '0.1.0' # first") },
  },
  {
    ...wrong("a version of two numbers", "version: 0.1.0", "version: 0.1"),
    findings: [
      'manifest.yaml:3:10 warning manifest/bare-text version is text, but 0.1 without quotes reads as a number | write "0.1"',
      'manifest.yaml:3:10 error manifest/version version "0.1" is no semantic version | write three numbers, such as 0.1.0, and after them perhaps -beta.1',
    ],
  },
  {
    ...wrong("a version with a leading zero", "version: 0.1.0", "version: 0.01.0"),
    findings: [
      'manifest.yaml:3:10 error manifest/version version "0.01.0" is no semantic version | write three numbers, such as 0.1.0, and after them perhaps -beta.1',
    ],
  },
  {
    ...wrong("a path with ./", "artifactPath: bin/example", "artifactPath: ./bin/example"),
    findings: [
      'manifest.yaml:9:17 error manifest/path-normalized entrypoint.artifactPath "./bin/example" is not normalised: the host refuses it | write bin/example',
    ],
    fixed: { "manifest.yaml": goodManifest },
  },
  {
    ...wrong("a path with doubled slashes and dots", "path: bin/example", 'path: "bin//x/.././example"'),
    findings: [
      'manifest.yaml:7:11 error manifest/path-normalized artifacts[0].path "bin//x/.././example" is not normalised: the host refuses it | write bin/example',
    ],
    fixed: { "manifest.yaml": change(goodManifest, "path: bin/example", 'path: "bin/example"') },
  },
  {
    ...wrong("a path with a backslash", "artifactPath: bin/example", "artifactPath: bin\\example"),
    findings: [
      'manifest.yaml:9:17 error manifest/path-normalized entrypoint.artifactPath "bin\\\\example" has backslashes: the host wants forward slashes | write bin/example',
    ],
    fixed: { "manifest.yaml": goodManifest },
  },
  {
    ...wrong(
      "a path that leads out",
      "configSchemaPath: config.schema.yaml",
      "configSchemaPath: ../config.schema.yaml",
    ),
    findings: [
      'manifest.yaml:11:21 error manifest/path-inside spec.configSchemaPath "../config.schema.yaml" leads outside the package | write the path of a file below the manifest\'s folder',
    ],
  },
  {
    ...wrong(
      "an absolute path",
      "configSchemaPath: config.schema.yaml",
      "configSchemaPath: /etc/config.schema.yaml",
    ),
    findings: [
      "manifest.yaml:11:21 error manifest/path-inside spec.configSchemaPath \"/etc/config.schema.yaml\" is absolute: the host takes only paths relative to the package's root | write the path of a file below the manifest's folder",
    ],
  },
  {
    ...wrong(
      "a path of Windows",
      "configSchemaPath: config.schema.yaml",
      "configSchemaPath: C:\\config.schema.yaml",
    ),
    findings: [
      "manifest.yaml:11:21 error manifest/path-inside spec.configSchemaPath \"C:\\\\config.schema.yaml\" is absolute: the host takes only paths relative to the package's root | write the path of a file below the manifest's folder",
    ],
  },
  {
    ...wrong("the root as a path", "configSchemaPath: config.schema.yaml", "configSchemaPath: ./"),
    findings: [
      "manifest.yaml:11:21 error manifest/path-inside spec.configSchemaPath \"./\" is the package's root itself | write the path of a file below the manifest's folder",
    ],
  },
  {
    ...wrong("a build in the root", "spec:\n", "release:\n  build: { command: [make], workdir: . }\nspec:\n"),
    findings: [
      "manifest.yaml:11:38 error manifest/path-inside release.build.workdir \".\" is the package's root itself | write a folder below the manifest's, or leave workdir out for that one",
    ],
  },
  {
    ...wrong("a build without a command", "spec:\n", "release: { build: { command: [] } }\nspec:\n"),
    findings: [
      "manifest.yaml:10:30 error manifest/required release.build.command is empty | write its value",
    ],
  },
  {
    ...wrong(
      "a build with an empty word",
      "spec:\n",
      'release: { build: { command: [make, " "] } }\nspec:\n',
    ),
    findings: [
      "manifest.yaml:10:37 error manifest/required release.build.command[1] is empty | write its value",
    ],
  },
  {
    ...wrong("an icon that is no SVG", "version: 0.1.0\n", "version: 0.1.0\niconFile: icon.png\n", {
      files: { "icon.png": "x" },
    }),
    findings: [
      'manifest.yaml:4:11 error manifest/icon-svg iconFile "icon.png" is no SVG | name a file that ends in .svg',
    ],
  },
];
