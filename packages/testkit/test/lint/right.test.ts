import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lintFiles } from "../../src/lint/index.js";
import { change, layOut, line } from "./case.js";
import { elf, nodeScript, sha256 } from "./programs.js";
import {
  archiveName,
  goodArchive,
  goodConfig,
  goodDeployment,
  goodEntries,
  goodManifest,
  goodPackage,
  goodRelease,
  goodSchema,
  releasedManifest,
  releaseOf,
} from "./table/good.js";
import { tarGz } from "./tar-writer.js";

interface RightInput {
  readonly name: string;
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Notes are no faults. */
  readonly notes?: readonly string[];
}

const remote = "https://example.com/x/provider-release.yaml";

const armName = "gestalt-plugin-example_v0.1.0_linux_arm64.tar.gz";
const armArchive = tarGz([
  {
    name: "manifest.yaml",
    content: change(change(releasedManifest, "amd64", "arm64"), sha256(elf()), sha256(elf("arm64"))),
  },
  ...goodEntries.slice(1, 2),
  { name: "bin/example", content: elf("arm64"), mode: 0o755 },
]);

const rightInputs: readonly RightInput[] = [
  { name: "a package", files: goodPackage },
  {
    name: "a package of a script",
    files: { ...goodPackage, "bin/example": nodeScript },
    notes: ["manifest/script-in-sandbox"],
  },
  { name: "a release", files: goodRelease },
  {
    name: "a release for two platforms, one of them on another machine",
    files: {
      "provider-release.yaml": `${releaseOf({
        "linux/amd64": { path: archiveName, content: goodArchive },
        "linux/arm64": { path: armName, content: armArchive },
      })}  darwin/arm64:\n    path: https://example.com/gestalt-plugin-example_v0.1.0_darwin_arm64.tar.gz\n    sha256: ${"ab".repeat(32)}\n`,
      "checksums.txt": `${sha256(goodArchive)}  ${archiveName}\n${sha256(armArchive)} *${armName}\n`,
      [archiveName]: goodArchive,
      [armName]: armArchive,
    },
  },
  { name: "a deployment", files: goodDeployment },
  {
    name: "a config of v3 with URLs and Go",
    files: {
      "gestaltd.yaml": `apiVersion: gestaltd.config/v3
runtime:
  providers:
    a: { source: ${remote}, default: true }
    b: { source: { path: ./b/manifest.yaml }, config: { any: thing } }
plugins:
  p: { source: ./p/manifest.yaml, execution: { runtime: {} } }
`,
      "b/manifest.yaml": goodManifest,
      "b/Cargo.toml": "",
      "p/manifest.yaml": "kind: plugin\n",
    },
  },
  {
    name: "a config of v4 with everything about runtimes",
    files: {
      "gestaltd.yaml": `apiVersion: gestaltd.config/v4
server:
  public: { host: 127.0.0.1, port: 18080 }
  baseUrl: https://gestalt.example.com:8443
  encryptionKey: \${KEY}
  egress: { defaultAction: allow }
  providers: { indexeddb: inmem }
providers:
  secrets: { env: { source: env } }
  telemetry: { out: { source: stdout } }
  indexeddb: { inmem: { source: ${remote} } }
  agent:
    helper:
      source: ${remote}
      indexeddb: { provider: inmem }
      execution: { mode: hosted, runtime: { provider: local, pool: { minReadyInstances: 1 } } }
runtime:
  providers:
    local: { driver: local }
    one:
      source: { githubRelease: { repo: acme/runtimes, tag: v1.0.0, asset: provider-release.yaml } }
      default: true
      env: { PORT: 8080, DEBUG: true, KEY: "\${KEY:-none}" }
      displayName: One
    two:
      source: { url: ${remote}, auth: { token: "\${TOKEN}" } }
      config: { since: "2026-01-31", at: 2026-01-31T10:00:00Z, big: "9007199254740993", many: 9007199254740991 }
plugins:
  p:
    source: ${remote}
    mcp: true
    egress: { allowedHosts: [api.example.com, "*.example.com", 10.1.2.3, "[::1]", API.Example.COM, "\${HOST}"] }
    execution:
      mode: HOSTED
      runtime:
        image: registry.example.com/p:1
        template: small
        metadata: { team: a, size: 4, key: { secret: { provider: secrets, name: key } } }
        imagePullAuth: { dockerConfigJson: { secret: { provider: secrets, name: registry } } }
  q:
    source: ${remote}
    execution: { mode: local }
`,
    },
  },
  {
    name: "a config where egress is denied, and the runtime is the host's own",
    files: {
      "gestaltd.yaml":
        "apiVersion: gestaltd.config/v4\nserver: { egress: { defaultAction: deny } }\nruntime: { providers: { local: { driver: local } } }\n",
    },
  },
  {
    name: "a config of v5",
    files: {
      "gestaltd.yaml": `apiVersion: gestaltd.config/v5
runtime: { providers: { one: { source: ${remote} } } }
plugins: { p: { source: ${remote}, runtime: { provider: one } } }
`,
    },
  },
  {
    name: "a config that the host fills in",
    files: {
      ...goodDeployment,
      "gestaltd.yaml": change(
        change(
          change(goodConfig, "source: ./release/provider-release.yaml", "source: ${SOURCE}"),
          "default: true",
          "default: ${DEFAULT:-true}",
        ),
        "provider: process",
        "provider: ${WHICH}",
      ),
    },
  },
  {
    name: "a config whose values the host fills in",
    files: {
      ...goodDeployment,
      "gestaltd.yaml": change(
        goodConfig,
        "region: eu-west-1",
        "region: { secret: { name: region } }\n        pool: ${POOL}",
      ),
    },
  },
  {
    name: "a schema with references of every kind",
    files: {
      "config.schema.yaml": `$schema: https://json-schema.org/draft/2020-12/schema
$id: https://example.com/config
type: object
properties:
  self: { $ref: "#" }
  own: { $ref: https://example.com/config#/$defs/a~1b }
  relative: { $ref: other }
  anchor: { $ref: "#here" }
  dynamic: { $dynamicRef: "#there" }
  inner: { $ref: "other#/$defs/deep" }
  schema: { $ref: https://json-schema.org/draft/2020-12/schema }
  encoded: { $ref: "#/$defs/a%20b" }
  x-of-ours: { type: [string, "null"], x-note: hidden, pattern: '^[a-z]+(\\.[a-z]+)*\\\\u$' }
$defs:
  a/b: { type: string }
  a b: { type: string }
  here: { $anchor: here }
  there: { $dynamicAnchor: there }
  other:
    $id: other
    $defs: { deep: true }
    properties: { up: { $ref: "#/$defs/deep" } }
`,
    },
  },
  {
    name: "a schema of draft-07",
    files: {
      "config.schema.json": `{
\t"$schema": "http://json-schema.org/draft-07/schema",
\t"type": ["object", "null"],
\t"properties": { "a": { "$ref": "#/definitions/a" }, "b": { "$ref": "#b" }, "const": { "const": { "anything": 1 } } },
\t"dependencies": { "a": ["b"], "b": { "required": ["a"] } },
\t"items": [{ "type": "string" }],
\t"definitions": { "a": { "enum": [1] }, "b": { "$id": "#b" } }
}
`,
    },
  },
  {
    name: "a schema with required fields that patterns allow",
    files: {
      "config.schema.yaml": `${goodSchema.replace("required: [region]", "required: [region, x-1]")}patternProperties: { '^x-': true }\n`,
    },
  },
];

describe("nothing is wrong with", () => {
  it.each(rightInputs)("$name", async ({ files, notes = [] }) => {
    const folder = await layOut({ files });
    const { findings } = await lintFiles([join(folder, Object.keys(files)[0] ?? "")], {
      platform: { os: "linux", arch: "amd64" },
    });
    expect(
      findings.filter(({ severity }) => severity !== "note").map((finding) => line(folder, finding)),
    ).toEqual([]);
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(notes);
  });

  it("is told of once what is named twice", async () => {
    const folder = await layOut({
      files: {
        "manifest.yaml": change(goodManifest, "artifactPath: bin", "artifactPath: ./bin"),
        "config.schema.yaml": "type: text\n",
      },
    });
    const paths = [folder, join(folder, "manifest.yaml"), join(folder, "config.schema.yaml")];
    const { files, findings } = await lintFiles(paths, { platform: { os: "linux", arch: "amd64" } });
    expect(files).toEqual([join(folder, "manifest.yaml"), join(folder, "config.schema.yaml")]);
    expect(findings.map(({ ruleId }) => ruleId)).toEqual([
      "manifest/artifact-file",
      "manifest/path-normalized",
      "schema/object",
      "schema/valid",
    ]);
  });

  it.each(["minimal-runtime", "process-runtime"])("the example %s", async (name) => {
    const { findings } = await lintFiles([
      new URL(`../../../../examples/${name}/manifest.yaml`, import.meta.url).pathname,
    ]);
    // Built or not.
    const expected = ["manifest/script-in-sandbox", "manifest/artifact-file"];
    expect(findings.filter(({ ruleId }) => !expected.includes(ruleId))).toEqual([]);
  });
});
