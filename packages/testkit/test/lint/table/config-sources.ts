import { change, type LintCase } from "../case.js";
import { archiveName, goodConfig, goodMetadata, goodPackage } from "./good.js";
import { source, wrongConfig as wrong } from "./wrong-config.js";

/** Operators' configs whose fields or sources are wrong. */
export const configSources: readonly LintCase[] = [
  {
    ...wrong("no apiVersion", "apiVersion: gestaltd.config/v4\n", ""),
    findings: [
      "gestaltd.yaml:1:1 error config/api-version apiVersion is missing | write apiVersion: gestaltd.config/v4",
    ],
  },
  {
    ...wrong("an apiVersion of later hosts", "gestaltd.config/v4", "gestaltd.config/v6"),
    findings: [
      "gestaltd.yaml:1:13 warning config/api-version-later apiVersion gestaltd.config/v6 is later than what is known here | ask the host itself what it takes",
    ],
  },
  {
    ...wrong("an apiVersion that is none", "gestaltd.config/v4", "gestaltd.config/v2"),
    findings: [
      'gestaltd.yaml:1:13 error config/api-version apiVersion "gestaltd.config/v2" is none that a host knows | write apiVersion: gestaltd.config/v4',
    ],
  },
  {
    ...wrong("an apiVersion cut short", "gestaltd.config/v4", "v4 # April"),
    findings: [
      'gestaltd.yaml:1:13 error config/api-version apiVersion "v4" is none that a host knows | write apiVersion: gestaltd.config/v4',
    ],
    fixed: { "gestaltd.yaml": change(goodConfig, "gestaltd.config/v4", "gestaltd.config/v4 # April") },
  },
  {
    ...wrong("a field of the config with a slip", "plugins:\n", "plugin:\n"),
    findings: [
      "gestaltd.yaml:11:1 warning config/misspelt-field plugin is no field of a config | write plugins",
    ],
  },
  {
    ...wrong("another spelling of a field of the config", "encryptionKey", "encryption_key"),
    findings: [
      "gestaltd.yaml:3:3 warning config/misspelt-field server.encryption_key is no field of a config | write encryptionKey",
    ],
    fixed: { "gestaltd.yaml": goodConfig },
  },
  {
    ...wrong(
      "another spelling of a field of a runtime provider",
      "      default: true",
      "      Default: true",
    ),
    findings: [
      "gestaltd.yaml:8:7 error config/unknown-field runtime.providers.process.Default is no field of a config | write default",
    ],
    fixed: { "gestaltd.yaml": goodConfig },
  },
  {
    ...wrong(
      "an unknown field of a runtime provider",
      "      default: true\n",
      "      default: true\n      image: x\n",
    ),
    findings: [
      "gestaltd.yaml:9:7 error config/unknown-field runtime.providers.process.image is no field of a config | take it out; known here: source, driver, default, env, egress, config, displayName, description, iconFile",
    ],
  },
  {
    ...wrong("providers right below runtime", "  providers:\n    process:\n", "  process:\n    process:\n"),
    findings: [
      "gestaltd.yaml:5:3 error config/unknown-field runtime.process is no field of a config | take it out; known here: providers",
      'gestaltd.yaml:16:28 error config/runtime-unknown plugins.example.execution.runtime.provider "process" is not in runtime.providers | add runtime.providers.process',
    ],
  },
  {
    ...wrong("a default in quotes", "default: true", 'default: "yes"'),
    findings: [
      "gestaltd.yaml:8:16 error config/type runtime.providers.process.default is text, not true or false | write true or false without quotes",
    ],
  },
  {
    ...wrong("an env that is a list", "      default: true\n", "      default: true\n      env: [A=1]\n"),
    findings: [
      "gestaltd.yaml:9:12 error config/type runtime.providers.process.env is a list, not a map | write one name per line, each with its value",
    ],
  },
  {
    ...wrong(
      "pull auth with nothing in it",
      "runtime: { provider: process }",
      "runtime: { provider: process, image: x, imagePullAuth: {} }",
    ),
    findings: [
      "gestaltd.yaml:16:47 error config/required plugins.example.execution.runtime.imagePullAuth.dockerConfigJson is missing | add dockerConfigJson",
    ],
  },
  {
    ...wrong("no source", `      ${source}\n`, ""),
    findings: [
      "gestaltd.yaml:6:5 error config/source-missing runtime.providers.process has no source | add source: <path of provider-release.yaml>",
    ],
  },
  {
    ...wrong(
      "a source of two places",
      source,
      "source: { path: ./release/provider-release.yaml, url: https://example.com/provider-release.yaml }",
    ),
    findings: [
      "gestaltd.yaml:7:15 error config/source-fields runtime.providers.process.source names path and url | write one of path, url and githubRelease",
    ],
  },
  {
    ...wrong(
      "a GitHub release without a tag",
      source,
      "source: { githubRelease: { repo: acme/runtimes, asset: provider-release.yaml } }",
    ),
    findings: [
      "gestaltd.yaml:7:17 error config/source-fields runtime.providers.process.source.githubRelease.tag is missing | add tag",
    ],
  },
  {
    ...wrong("v4 with a manifest", source, "source: ./manifest.yaml", { files: goodPackage }),
    findings: [
      "gestaltd.yaml:7:15 error config/source-form gestaltd.config/v4 takes a path only where it ends in provider-release.yaml, and never a manifest | write the path of its provider-release.yaml, such as ./dist/provider-release.yaml",
    ],
  },
  {
    ...wrong("v4 with a release under another name", source, "source: ./release/release.yaml", {
      files: { "release/release.yaml": "" },
    }),
    findings: [
      "gestaltd.yaml:7:15 error config/source-form gestaltd.config/v4 takes a path only where it ends in provider-release.yaml, and never a manifest | write the path of its provider-release.yaml, such as ./release/provider-release.yaml",
    ],
  },
  {
    ...wrong("v3 with a release by its path", "gestaltd.config/v4", "gestaltd.config/v3"),
    findings: [
      "gestaltd.yaml:7:15 error config/source-form gestaltd.config/v3 takes the path of a source manifest, or a URL, but no release by its path | write apiVersion: gestaltd.config/v4 at the top",
    ],
  },
  {
    ...wrong(
      "v3 with a manifest of a Node.js runtime",
      goodConfig.slice(0, goodConfig.indexOf("plugins")),
      `apiVersion: gestaltd.config/v3\nruntime:\n  providers:\n    process: { source: { path: ./manifest.yaml }, config: { region: x } }\n`,
      { files: goodPackage },
    ),
    findings: [
      "gestaltd.yaml:4:32 error config/source-from-source the host runs no Node.js runtime from a source manifest (./manifest.yaml) | package it, and with apiVersion: gestaltd.config/v4 name its provider-release.yaml",
    ],
  },
  {
    ...wrong(
      "v3 with a GitHub release",
      goodConfig,
      "apiVersion: gestaltd.config/v3\nruntime: { providers: { a: { source: { githubRelease: { repo: a/b, tag: v1, asset: provider-release.yaml } } } } }\n",
    ),
    findings: [
      "gestaltd.yaml:2:55 error config/source-form gestaltd.config/v3 knows no githubRelease in a source | write apiVersion: gestaltd.config/v4 at the top",
    ],
  },
  {
    ...wrong(
      "v3 with a URL in a map",
      goodConfig,
      "apiVersion: gestaltd.config/v3\nruntime: { providers: { a: { source: { url: https://example.com/provider-release.yaml } } } }\n",
    ),
    findings: [
      "gestaltd.yaml:2:45 error config/source-form gestaltd.config/v3 knows no url in a source | write source: https://example.com/provider-release.yaml",
    ],
  },
  {
    ...wrong("a source that is built in", source, "source: local"),
    findings: [
      "gestaltd.yaml:7:15 error config/source-form local is no source of a runtime provider | write driver: local in place of source",
    ],
  },
  {
    ...wrong("a source of git", source, "source: git+ssh://git@example.com/x.git"),
    findings: [
      "gestaltd.yaml:7:15 error config/source-url git+ssh://git@example.com/x.git is no http or https address | write the http or https address of a provider-release.yaml",
    ],
  },
  {
    ...wrong("the URL of an archive", source, `source: https://example.com/${archiveName}`),
    findings: [
      "gestaltd.yaml:7:15 error config/source-url https://example.com/gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz names gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz, not a provider-release.yaml | write the http or https address of a provider-release.yaml",
    ],
  },
  {
    ...wrong("a release that is not there", source, "source: ./dist/provider-release.yaml"),
    findings: [
      "gestaltd.yaml:7:15 error config/source-file ./dist/provider-release.yaml is not there | write a path relative to this config's folder, or make the release first",
    ],
  },
  {
    ...wrong("a release that the host refuses", source, source, {
      files: {
        "release/provider-release.yaml": change(goodMetadata, "kind: runtime", "kind: plugin"),
      },
    }),
    findings: [
      'gestaltd.yaml:7:15 error config/source-refused the host refuses provider-release.yaml: kind "plugin" is no runtime provider | run gestalt-runtime lint release/provider-release.yaml',
    ],
  },
  {
    ...wrong(
      "a token written down",
      source,
      "source: { url: https://example.com/provider-release.yaml, auth: { token: abc } }",
    ),
    findings: [
      "gestaltd.yaml:7:80 warning config/plain-token runtime.providers.process.source.auth.token is written down for everybody who reads this file | write ${NAME} and set NAME in the host's environment",
    ],
  },
];
