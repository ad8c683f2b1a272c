import { type LintCase } from "../case.js";
import { elf, machO, nodeScript, pe, sha256 } from "../programs.js";
import { goodManifest, goodPackage } from "./good.js";
import { wrongManifest as wrong } from "./wrong-manifest.js";

/** Manifests that do not fit the files beside them. */
export const manifestFiles: readonly LintCase[] = [
  {
    name: "an artifact that is not there",
    files: { "manifest.yaml": goodManifest, "config.schema.yaml": goodPackage["config.schema.yaml"] },
    findings: [
      "manifest.yaml:7:11 warning manifest/artifact-file artifacts[0].path bin/example is not there | build it before you package, or write the path of what the build makes",
    ],
  },
  {
    name: "a schema that is not there",
    files: { "manifest.yaml": goodManifest, "bin/example": elf() },
    findings: [
      "manifest.yaml:11:21 error schema/missing spec.configSchemaPath config.schema.yaml is not there | add the schema, or leave configSchemaPath out",
    ],
  },
  {
    ...wrong("an icon that is not there", "version: 0.1.0\n", "version: 0.1.0\niconFile: icon.svg\n"),
    findings: [
      "manifest.yaml:4:11 error manifest/icon-file iconFile icon.svg is not there | add the file, or leave iconFile out",
    ],
  },
  {
    ...wrong(
      "the hash of something else",
      "    path: bin/example\n",
      `    path: bin/example\n    sha256: ${sha256("else")}\n`,
    ),
    findings: [
      "manifest.yaml:8:13 error manifest/artifact-hash artifacts[0].sha256 is not the hash of bin/example | write fac1ecd4990500ce3d68a41947d21e042f592eb9007dddd2d636e8f514605ca0, if that is the file that you mean",
    ],
  },
  {
    name: "a program without the run bit",
    files: goodPackage,
    mode: { "bin/example": 0o644 },
    findings: [
      "manifest.yaml:7:11 error manifest/run-bit bin/example has no run bit, so the host can't start it | run chmod +x bin/example",
    ],
  },
  {
    name: "a program that is none",
    files: { ...goodPackage, "bin/example": "console.log(1);\n" },
    findings: [
      "manifest.yaml:7:11 error manifest/program bin/example is no program: it begins neither as an executable nor with #! | begin the script with #!/usr/bin/env node",
    ],
  },
  {
    name: "a script whose interpreter has no path",
    files: { ...goodPackage, "bin/example": "#!node\n" },
    findings: [
      "manifest.yaml:7:11 error manifest/program bin/example begins with #!node, which names no absolute path | begin it with #!/usr/bin/env node",
      "manifest.yaml:7:11 note manifest/script-in-sandbox bin/example is a script: it wants node on the host's PATH, and does not start where the operator denies egress (PROC-10) | package it as an executable for such hosts",
    ],
  },
  {
    name: "a program of another processor",
    files: { ...goodPackage, "bin/example": elf("arm64") },
    findings: [
      "manifest.yaml:7:11 error manifest/program bin/example is a program for linux/arm64, not for linux/amd64 | build it for linux/amd64, or write the platform that it is for",
    ],
  },
  {
    name: "a program of a processor that the host does not know",
    files: { ...goodPackage, "bin/example": elf("riscv64") },
    findings: [
      "manifest.yaml:7:11 error manifest/program bin/example is a program for a platform that the host does not know, not for linux/amd64 | build it for linux/amd64, or write the platform that it is for",
    ],
  },
  {
    ...wrong("a program of macOS for Windows", "os: linux", "os: windows", {
      files: { "bin/example": machO("arm64") },
    }),
    findings: [
      "manifest.yaml:7:11 error manifest/program bin/example is a program for darwin/arm64, not for windows/amd64 | build it for windows/amd64, or write the platform that it is for",
    ],
  },
  {
    ...wrong("a script for Windows", "os: linux", "os: windows", { files: { "bin/example": nodeScript } }),
    findings: [
      "manifest.yaml:7:11 error manifest/program bin/example is a script, which Windows can't start | package it as an executable",
      "manifest.yaml:7:11 note manifest/script-in-sandbox bin/example is a script: it wants node on the host's PATH, and does not start where the operator denies egress (PROC-10) | package it as an executable for such hosts",
    ],
  },
  {
    ...wrong("a program of Windows for another processor", "os: linux", "os: windows", {
      files: { "bin/example": pe("arm64") },
    }),
    findings: [
      "manifest.yaml:7:11 error manifest/program bin/example is a program for windows/arm64, not for windows/amd64 | build it for windows/amd64, or write the platform that it is for",
    ],
  },
  {
    name: "PROC-7: a script that another program runs",
    files: { ...goodPackage, "bin/example": "#!/usr/bin/env -S npx tsx\n" },
    findings: [
      "manifest.yaml:7:11 note manifest/script-in-sandbox bin/example is a script: it wants npx on the host's PATH, and does not start where the operator denies egress (PROC-10) | package it as an executable for such hosts",
      "manifest.yaml:7:11 warning manifest/wrapped-script bin/example is started by npx, so its program is not the host's child and ends at once (PROC-7) | bundle it to one file of JavaScript that begins with #!/usr/bin/env node",
    ],
  },
  {
    name: "PROC-10: a script",
    files: { ...goodPackage, "bin/example": nodeScript },
    findings: [
      "manifest.yaml:7:11 note manifest/script-in-sandbox bin/example is a script: it wants node on the host's PATH, and does not start where the operator denies egress (PROC-10) | package it as an executable for such hosts",
    ],
  },
  {
    ...wrong(
      "an argument that names a file of the package",
      "  artifactPath: bin/example\n",
      "  artifactPath: bin/example\n  args: [--schema=./config.schema.yaml, --verbose]\n",
    ),
    findings: [
      'manifest.yaml:10:10 warning manifest/argument-path entrypoint.args[0] "--schema=./config.schema.yaml" names a file of the package, but the program runs in the host\'s working directory | let the program find the file beside itself, or bundle it',
    ],
  },
];
