import { change, type LintCase } from "../case.js";
import { elf, nodeScript, sha256 } from "../programs.js";
import { tarGz } from "../tar-writer.js";
import {
  archiveName,
  goodArchive,
  goodConfig,
  goodDeployment,
  goodEntries,
  releasedManifest,
  releaseOf,
} from "./good.js";
import { source, wrongConfig as wrong } from "./wrong-config.js";

const scriptArchive = tarGz([
  { name: "manifest.yaml", content: change(releasedManifest, sha256(elf()), sha256(nodeScript)) },
  ...goodEntries.slice(1, 2),
  { name: "bin/example", content: nodeScript, mode: 0o755 },
]);
const scriptRelease = {
  "release/provider-release.yaml": releaseOf({
    "linux/amd64": { path: archiveName, content: scriptArchive },
  }),
  [`release/${archiveName}`]: scriptArchive,
};
/** Operators' configs whose providers, plugins, limits or values are wrong. */
export const configEntries: readonly LintCase[] = [
  {
    ...wrong(
      "two defaults",
      "plugins:\n",
      "    other: { source: https://example.com/provider-release.yaml, default: true }\nplugins:\n",
    ),
    findings: [
      "gestaltd.yaml:11:74 error config/default-provider runtime.providers.other is a second default, beside runtime.providers.process | leave default: true on one of the two",
    ],
  },
  {
    ...wrong("a driver that is none", `      ${source}\n`, "      driver: docker\n"),
    findings: [
      'gestaltd.yaml:7:15 error config/driver runtime.providers.process.driver "docker" is none that the host has | write local, or leave driver out and name a source',
    ],
  },
  {
    ...wrong("a local driver with a source", `      ${source}\n`, `      driver: local\n      ${source}\n`),
    findings: [
      "gestaltd.yaml:8:7 error config/driver runtime.providers.process.source stands beside driver: local, which has none | take out source, or driver",
      "gestaltd.yaml:10:7 error config/driver runtime.providers.process.config stands beside driver: local, which has none | take out config, or driver",
    ],
  },
  {
    ...wrong(
      "a name of env that is none",
      "      default: true\n",
      "      default: true\n      env: { MY-KEY: x }\n",
    ),
    findings: [
      'gestaltd.yaml:9:14 error config/env-name "MY-KEY" is no name of an environment variable | write letters, digits and underscores, no digit first',
    ],
  },
  {
    ...wrong(
      "a name of env that is the host's",
      "      default: true\n",
      "      default: true\n      env: { GESTALT_PLUGIN_NAME: x }\n",
    ),
    findings: [
      "gestaltd.yaml:9:14 warning config/env-reserved GESTALT_PLUGIN_NAME is for the host to set | take it out, or choose another name",
    ],
  },
  {
    ...wrong("a mode that is none", "mode: hosted", "mode: remote"),
    findings: [
      'gestaltd.yaml:15:13 error config/execution-mode plugins.example.execution.mode "remote" is none that the host knows | write hosted',
    ],
  },
  {
    ...wrong(
      "a runtime for a local plugin",
      "mode: hosted\n      runtime: { provider: process }",
      "mode: local\n      runtime: { provider: gone }",
    ),
    findings: [
      "gestaltd.yaml:16:7 warning config/execution-local plugins.example.execution.runtime stands beside mode: local, where it does nothing | write mode: hosted, or take runtime out",
    ],
  },
  {
    ...wrong("v4 with the field of v5", "    execution:\n      mode: hosted\n      runtime:", "    runtime:"),
    findings: [
      "gestaltd.yaml:14:5 error config/execution-version gestaltd.config/v4 knows no runtime in a plugin | write execution: with mode: hosted, and runtime below it",
    ],
  },
  {
    ...wrong("v5 with the field of v4", "gestaltd.config/v4", "gestaltd.config/v5"),
    findings: [
      "gestaltd.yaml:14:5 error config/execution-version gestaltd.config/v5 knows no execution in a plugin | write what stands below execution.runtime below runtime",
    ],
  },
  {
    ...wrong("a runtime provider that is not there", "provider: process", "provider: proces"),
    findings: [
      'gestaltd.yaml:16:28 error config/runtime-unknown plugins.example.execution.runtime.provider "proces" is not in runtime.providers | write process, or add runtime.providers.proces',
    ],
  },
  {
    name: "no default to go to",
    files: {
      ...goodDeployment,
      "gestaltd.yaml": change(
        change(
          change(goodConfig, "      default: true\n", ""),
          "plugins:\n",
          "    other: { source: https://example.com/provider-release.yaml }\nplugins:\n",
        ),
        "{ provider: process }",
        "{ image: x }",
      ),
    },
    findings: [
      "gestaltd.yaml:14:5 error config/runtime-none plugins.example is hosted, but names no runtime provider, and none is the default | add provider: process or other to its runtime, or default: true to one",
    ],
  },
  {
    ...wrong(
      "a hosted plugin without any provider",
      goodConfig,
      "apiVersion: gestaltd.config/v4\nplugins:\n  example: { source: https://example.com/provider-release.yaml, execution: { mode: hosted } }\n",
    ),
    findings: [
      "gestaltd.yaml:3:65 error config/runtime-none plugins.example is hosted, but names no runtime provider, and none is the default | add one under runtime.providers",
    ],
  },
  {
    ...wrong(
      "pull auth without an image",
      "{ provider: process }",
      "{ provider: process, imagePullAuth: { dockerConfigJson: '${DOCKER_CONFIG}' } }",
    ),
    findings: [
      "gestaltd.yaml:16:37 error config/image-pull-auth plugins.example.execution.runtime.imagePullAuth stands there without an image | add image to plugins.example.execution.runtime, or take imagePullAuth out",
    ],
  },
  {
    ...wrong(
      "pull auth that is no Docker config",
      "{ provider: process }",
      "{ provider: process, image: x, imagePullAuth: { dockerConfigJson: user:pass } }",
    ),
    findings: [
      'gestaltd.yaml:16:82 error config/image-pull-auth plugins.example.execution.runtime.imagePullAuth.dockerConfigJson is no Docker config | write JSON such as {"auths":{"registry.example.com":{"auth":"..."}}}, better as ${NAME}',
    ],
  },
  {
    ...wrong(
      "SESS-2: metadata of the host",
      "{ provider: process }",
      "{ provider: process, metadata: { provider_name: x, runtime.mode: y, team: z } }",
    ),
    findings: [
      'gestaltd.yaml:16:49 error config/metadata-reserved "provider_name" is for the host to set (SESS-2) | choose another name',
      'gestaltd.yaml:16:67 error config/metadata-reserved "runtime.mode" is for the host to set (SESS-2) | choose another name',
    ],
  },
  {
    ...wrong(
      "metadata that is no text",
      "{ provider: process }",
      "{ provider: process, metadata: { team: [a] } }",
    ),
    findings: [
      "gestaltd.yaml:16:55 error config/type plugins.example.execution.runtime.metadata.team is a list, not text | write it as one text",
    ],
  },
  {
    ...wrong(
      "SUP-3: a base URL without TLS",
      "  encryptionKey",
      "  baseUrl: http://gestalt.example.com\n  encryptionKey",
    ),
    findings: [
      "gestaltd.yaml:3:12 warning config/base-url server.baseUrl http://gestalt.example.com is not https, so the host relays no host service to hosted plugins (SUP-3) | write https://<host>, with a port perhaps and nothing after it",
    ],
  },
  {
    ...wrong(
      "SUP-3: a base URL with a path",
      "  encryptionKey",
      "  baseUrl: https://example.com/gestalt\n  encryptionKey",
    ),
    findings: [
      "gestaltd.yaml:3:12 warning config/base-url server.baseUrl https://example.com/gestalt has a path or a query, so the host relays no host service to hosted plugins (SUP-3) | write https://<host>, with a port perhaps and nothing after it",
    ],
  },
  {
    ...wrong(
      "EGR-1: a host with scheme, port and path",
      "    execution:",
      '    egress: { allowedHosts: [\'https://api.example.com:443/v1\', "db.example.com:5432", "[::1]"] }\n    execution:',
    ),
    findings: [
      'gestaltd.yaml:14:30 error config/egress-host plugins.example.egress.allowedHosts[0] "https://api.example.com:443/v1" matches nothing: a pattern is a host\'s name alone | write api.example.com',
      'gestaltd.yaml:14:64 error config/egress-host plugins.example.egress.allowedHosts[1] "db.example.com:5432" matches nothing: a pattern is a host\'s name alone | write db.example.com',
    ],
    fixed: {
      "gestaltd.yaml": change(
        goodConfig,
        "    execution:",
        '    egress: { allowedHosts: [\'api.example.com\', "db.example.com", "[::1]"] }\n    execution:',
      ),
    },
  },
  {
    ...wrong(
      "EGR-1: hosts that match nothing",
      "    execution:",
      "    egress: { allowedHosts: ['*', 'api.*.com', 10.0.0.0/8, 'two words', '*.example.com'] }\n    execution:",
    ),
    findings: [
      'gestaltd.yaml:14:30 error config/egress-host plugins.example.egress.allowedHosts[0] "*" is no wildcard for all hosts: it matches none | leave allowedHosts out to allow all, or name the hosts',
      'gestaltd.yaml:14:35 error config/egress-host plugins.example.egress.allowedHosts[1] "api.*.com" matches nothing: a wildcard is *. and then the whole suffix | write *.example.com',
      'gestaltd.yaml:14:48 error config/egress-host plugins.example.egress.allowedHosts[2] "10.0.0.0/8" is a network, which the host does not match | name the hosts',
      'gestaltd.yaml:14:60 error config/egress-host plugins.example.egress.allowedHosts[3] "two words" is no host\'s name | write a name such as api.example.com',
    ],
  },
  {
    ...wrong(
      "a default action that is none",
      "  encryptionKey",
      "  egress: { defaultAction: block }\n  encryptionKey",
    ),
    findings: [
      'gestaltd.yaml:3:28 error config/egress-action server.egress.defaultAction "block" is neither allow nor deny | write allow or deny',
    ],
  },
  {
    ...wrong(
      "PROC-10: a script where egress is denied",
      "  encryptionKey",
      "  egress: { defaultAction: deny }\n  encryptionKey",
      { files: scriptRelease },
    ),
    findings: [
      "gestaltd.yaml:3:28 error config/sandboxed-script egress is denied by default, so the host starts runtime.providers.process in its sandbox, where a script does not start (PROC-10) | use the provider's release of artifact executable, or lift the limit",
    ],
  },
  {
    ...wrong(
      "PROC-10: a script on this platform alone",
      "  encryptionKey",
      "  egress: { defaultAction: deny }\n  encryptionKey",
      {
        files: {
          "release/provider-release.yaml": releaseOf({
            "linux/amd64": { path: archiveName, content: goodArchive },
            "darwin/arm64": { path: "script.tar.gz", content: scriptArchive },
            "linux/arm64": { path: "none.tar.gz", content: goodArchive },
          }),
          "release/script.tar.gz": scriptArchive,
        },
      },
    ),
    options: { platform: { os: "darwin", arch: "arm64" } },
    findings: [
      "gestaltd.yaml:3:28 error config/sandboxed-script egress is denied by default, so the host starts runtime.providers.process in its sandbox, where a script does not start (PROC-10) | use the provider's release of artifact executable, or lift the limit",
    ],
  },
  {
    ...wrong(
      "PROC-10: a provider with hosts of its own",
      "      default: true\n",
      "      default: true\n      egress: { allowedHosts: [api.example.com] }\n",
    ),
    findings: [
      "gestaltd.yaml:9:17 note config/sandboxed-provider runtime.providers.process.egress.allowedHosts is set, so the host starts runtime.providers.process in its sandbox: it can start no programs of this machine, and reaches the network through the host's proxy alone (PROC-10) | leave it where the provider's backend is remote; else lift the limit",
    ],
  },
  {
    ...wrong(
      "LIFE-3: a config that breaks the schema",
      "        region: eu-west-1\n",
      "        pool: 0\n        zone: a\n",
    ),
    findings: [
      "gestaltd.yaml:9:7 error config/schema runtime.providers.process.config.region is missing | add region",
      "gestaltd.yaml:10:15 error config/schema runtime.providers.process.config.pool must be >= 1 | write what the provider's schema takes",
      "gestaltd.yaml:11:9 error config/schema runtime.providers.process.config.zone is not in the provider's schema | take it out",
    ],
  },
  {
    ...wrong(
      "LIFE-3: a config that lacks what the schema wants",
      "      config:\n        region: eu-west-1\n",
      "",
    ),
    findings: [
      "gestaltd.yaml:6:5 error config/schema runtime.providers.process.config.region is missing | add region",
    ],
  },
  {
    ...wrong(
      "a config that is no map",
      "      config:\n        region: eu-west-1\n",
      "      config: eu-west-1\n",
    ),
    findings: [
      "gestaltd.yaml:9:15 error config/config-map runtime.providers.process.config is no map | write one field per line below it",
    ],
  },
  {
    name: "LIFE-3: a number past 2^53",
    files: {
      "gestaltd.yaml": change(
        change(goodConfig, source, "source: https://example.com/provider-release.yaml"),
        "region: eu-west-1",
        "id: 9007199254740993",
      ),
    },
    findings: [
      "gestaltd.yaml:10:13 warning config/number-precision runtime.providers.process.config.id 9007199254740993 arrives as 9007199254740992: numbers are doubles (LIFE-3) | write it in quotes, if the provider takes text",
    ],
  },
  {
    name: "LIFE-3: a date without quotes",
    files: {
      "gestaltd.yaml": change(
        change(goodConfig, source, "source: https://example.com/provider-release.yaml"),
        "region: eu-west-1",
        "since: 2026-01-31 # inclusive",
      ),
    },
    findings: [
      'gestaltd.yaml:10:16 warning config/bare-date runtime.providers.process.config.since without quotes arrives as 2026-01-31T00:00:00Z (LIFE-3) | write "2026-01-31"',
    ],
    fixed: {
      "gestaltd.yaml": change(
        change(goodConfig, source, "source: https://example.com/provider-release.yaml"),
        "region: eu-west-1",
        'since: "2026-01-31" # inclusive',
      ),
    },
  },
];
