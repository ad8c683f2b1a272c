import { change, type LintCase } from "../case.js";
import { elf, nodeScript, sha256 } from "../programs.js";
import { goodManifest, goodPackage } from "./good.js";
import { wrongManifest as wrong } from "./wrong-manifest.js";

const json = (manifest: unknown) => JSON.stringify(manifest, null, 2);

/** Manifests whose artifacts and entrypoint are wrong. */
export const manifestArtifacts: readonly LintCase[] = [
  {
    ...wrong("Node.js's name of a processor", "arch: amd64", "arch: x64"),
    findings: [
      'manifest.yaml:6:11 error manifest/platform-name artifacts[0].arch "x64" is none of the host\'s: amd64, arm64 | write amd64',
    ],
    fixed: { "manifest.yaml": goodManifest },
  },
  {
    ...wrong("an operating system that is none", "os: linux", "os: plan9"),
    findings: [
      'manifest.yaml:5:9 error manifest/platform-name artifacts[0].os "plan9" is none of the host\'s: linux, darwin, windows | write linux or darwin or windows',
    ],
  },
  {
    ...wrong("the usual libc", "    arch: amd64\n", "    arch: amd64\n    libc: glibc # as everywhere\n"),
    findings: [
      'manifest.yaml:7:11 error manifest/libc artifacts[0].libc "glibc" is no libc that the host knows | leave libc out',
    ],
    fixed: { "manifest.yaml": goodManifest },
  },
  {
    ...wrong("a libc that is none", "    arch: amd64\n", "    arch: amd64\n    libc: dietlibc\n"),
    findings: [
      'manifest.yaml:7:11 error manifest/libc artifacts[0].libc "dietlibc" is no libc that the host knows | write musl, or leave libc out',
    ],
  },
  {
    ...wrong(
      "two artifacts with one path",
      "entrypoint:\n",
      "  - { os: linux, arch: arm64, path: ./bin/example }\nentrypoint:\n",
    ),
    findings: [
      "manifest.yaml:8:5 error manifest/artifact-unique artifacts[1] has the path of artifacts[0]: bin/example | give it a path of its own, or take one of the two out",
      'manifest.yaml:8:37 error manifest/path-normalized artifacts[1].path "./bin/example" is not normalised: the host refuses it | write bin/example',
      "manifest.yaml:8:37 error manifest/program bin/example is a program for linux/amd64, not for linux/arm64 | build it for linux/arm64, or write the platform that it is for",
    ],
  },
  {
    ...wrong(
      "two artifacts with one platform",
      "entrypoint:\n",
      "  - { os: linux, arch: x64, path: bin/other }\nentrypoint:\n",
      { files: { "bin/other": elf() } },
    ),
    findings: [
      "manifest.yaml:8:5 error manifest/artifact-unique artifacts[1] has the os and arch of artifacts[0]: linux/amd64 | give it a platform of its own, or take one of the two out",
      'manifest.yaml:8:24 error manifest/platform-name artifacts[1].arch "x64" is none of the host\'s: amd64, arm64 | write amd64',
    ],
  },
  {
    ...wrong("no entrypoint", "entrypoint:\n  artifactPath: bin/example\n", ""),
    findings: [
      "manifest.yaml:1:1 error manifest/entrypoint-missing entrypoint is missing, which the host takes only where it can build the program itself, and it can't for Node.js | add entrypoint with artifactPath: bin/example",
    ],
    fixed: {
      "manifest.yaml": change(
        change(goodManifest, "entrypoint:\n  artifactPath: bin/example\n", ""),
        "artifacts:\n",
        "entrypoint:\n  artifactPath: bin/example\nartifacts:\n",
      ),
    },
  },
  {
    ...wrong("no artifacts", "artifacts:\n  - os: linux\n    arch: amd64\n    path: bin/example\n", "", {
      files: { "bin/example": nodeScript },
    }),
    options: { platform: { os: "darwin", arch: "arm64" } },
    findings: [
      'manifest.yaml:5:17 error manifest/artifacts-missing entrypoint.artifactPath "bin/example" is no artifact: the manifest lists none | add artifacts with os: darwin, arch: arm64, path: bin/example',
    ],
    left: ["manifest/script-in-sandbox"],
    fixed: {
      "manifest.yaml": change(change(goodManifest, "os: linux", "os: darwin"), "arch: amd64", "arch: arm64"),
    },
  },
  {
    ...wrong(
      "no artifacts, of a program",
      "artifacts:\n  - os: linux\n    arch: amd64\n    path: bin/example\n",
      "# The program.\n",
      { files: { "bin/example": elf("arm64") } },
    ),
    findings: [
      'manifest.yaml:6:17 error manifest/artifacts-missing entrypoint.artifactPath "bin/example" is no artifact: the manifest lists none | add artifacts with os: linux, arch: arm64, path: bin/example',
    ],
    fixed: {
      "manifest.yaml": change(
        change(goodManifest, "artifacts:", "# The program.\nartifacts:"),
        "arch: amd64",
        "arch: arm64",
      ),
    },
  },
  {
    ...wrong(
      "an empty list of artifacts",
      "artifacts:\n  - os: linux\n    arch: amd64\n    path: bin/example\n",
      "artifacts: []\n",
    ),
    findings: [
      'manifest.yaml:4:1 error manifest/artifacts-missing entrypoint.artifactPath "bin/example" is no artifact: the manifest lists none | add artifacts with os: linux, arch: amd64, path: bin/example',
    ],
  },
  {
    name: "no artifacts in JSON",
    files: {
      ...goodPackage,
      "manifest.json": json({
        kind: "runtime",
        source: "github.com/acme/runtimes/example",
        version: "0.1.0",
        entrypoint: { artifactPath: "./bin/example" },
      }),
    },
    paths: ["manifest.json"],
    findings: [
      'manifest.json:6:21 error manifest/artifacts-missing entrypoint.artifactPath "./bin/example" is no artifact: the manifest lists none | add artifacts with os: linux, arch: amd64, path: bin/example',
      'manifest.json:6:21 error manifest/path-normalized entrypoint.artifactPath "./bin/example" is not normalised: the host refuses it | write bin/example',
    ],
    fixed: {
      "manifest.json": `{
  "kind": "runtime",
  "source": "github.com/acme/runtimes/example",
  "version": "0.1.0",
  "artifacts": [{ "os": "linux", "arch": "amd64", "path": "bin/example" }],
  "entrypoint": {
    "artifactPath": "bin/example"
  }
}`,
    },
  },
  {
    ...wrong("an entrypoint that is no artifact", "artifactPath: bin/example", "artifactPath: bin/exmaple"),
    findings: [
      'manifest.yaml:9:17 error manifest/entrypoint-artifact entrypoint.artifactPath "bin/exmaple" is the path of no artifact | write bin/example, or add the artifact',
    ],
  },
  {
    ...wrong(
      "a hash in capitals",
      "    path: bin/example\n",
      `    path: bin/example\n    sha256: ${sha256(elf()).toUpperCase()}\n`,
    ),
    findings: [
      'manifest.yaml:8:13 error manifest/sha256 artifacts[0].sha256 "FAC1ECD4990500CE3D68A41947D21E042F592EB9007DDDD2D636E8F514605CA0" is not 64 lower-case hex digits, and the host compares it literally | write fac1ecd4990500ce3d68a41947d21e042f592eb9007dddd2d636e8f514605ca0',
    ],
    fixed: {
      "manifest.yaml": change(
        goodManifest,
        "    path: bin/example\n",
        `    path: bin/example\n    sha256: ${sha256(elf())}\n`,
      ),
    },
  },
  {
    ...wrong(
      "a hash that is too short",
      "    path: bin/example\n",
      "    path: bin/example\n    sha256: abc123\n",
    ),
    findings: [
      'manifest.yaml:8:13 error manifest/sha256 artifacts[0].sha256 "abc123" is not 64 lower-case hex digits, and the host compares it literally | write what sha256sum prints for the file',
    ],
  },
];
