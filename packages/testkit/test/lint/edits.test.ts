import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fixFiles, SourceDocument } from "../../src/lint/index.js";
import type { Cursor } from "../../src/lint/text/cursor.js";
import {
  applyEdits,
  insertBefore,
  removeField,
  renameField,
  replaceText,
} from "../../src/lint/text/edits.js";
import type { TextEdit } from "../../src/lint/finding.js";
import { change, layOut, line } from "./case.js";
import { goodManifest, goodPackage } from "./table/good.js";

function edited(
  text: string,
  edit: (root: Cursor) => TextEdit[] | undefined,
  file = "x.yaml",
): string | undefined {
  const edits = edit(new SourceDocument(file, text).root);
  return edits === undefined ? undefined : applyEdits(text, [edits]).text;
}

describe("an edit", () => {
  it.each([
    ["a: x # c\n", "y", "a: y # c\n"],
    ["a: 'x'\n", "it's", "a: 'it''s'\n"],
    ['a: "x"\n', 'y "z"', 'a: "y \\"z\\""\n'],
    ["a: x\n", "true", 'a: "true"\n'],
    ["a: x\n", "y: z", 'a: "y: z"\n'],
    ["{ a: x, b: 1 }\n", "y, z", '{ a: "y, z", b: 1 }\n'],
    ["a: &name x\nb: *name\n", "y", "a: &name y\nb: *name\n"],
  ])("writes another text in the quotes of %j", (text, by, expected) => {
    expect(edited(text, (root) => replaceText(root.field("a"), by))).toBe(expected);
    expect(new SourceDocument("x.yaml", expected).root.field("a").value).toBe(by);
  });

  it("leaves texts of several lines alone", () => {
    expect(edited("a: |\n  x\n", (root) => replaceText(root.field("a"), "y"))).toBeUndefined();
    expect(edited("a: >-\n  x\n  y\n", (root) => replaceText(root.field("a"), "z"))).toBeUndefined();
  });

  it("renames a field and leaves what follows", () => {
    expect(edited("# top\na-b: 1 # c\n", (root) => renameField(root.field("a-b"), "aB"))).toBe(
      "# top\naB: 1 # c\n",
    );
    expect(edited('{"a_b": 1}', (root) => renameField(root.field("a_b"), "aB"), "x.json")).toBe('{"aB": 1}');
  });

  it.each([
    ["a: 1\nb: 2\n", "a: 1\nnew:\n  - x: y\nb: 2\n", "x.yaml"],
    ["a: 1\r\nb: 2\r\n", "a: 1\r\nnew:\r\n  - x: y\r\nb: 2\r\n", "x.yaml"],
    ["# first\nb: 2\n", "# first\nnew:\n  - x: y\nb: 2\n", "x.yaml"],
    ["{ b: 2 }\n", '{ new: [{ "x": "y" }], b: 2 }\n', "x.yaml"],
    ['{\n  "a": 1,\n  "b": 2\n}\n', '{\n  "a": 1,\n  "new": [{ "x": "y" }],\n  "b": 2\n}\n', "x.json"],
    ['{"b":2}', '{"new": [{ "x": "y" }], "b":2}', "x.json"],
  ])("adds a field to %j in its style", (text, expected, file) => {
    expect(edited(text, (root) => insertBefore(root.field("b"), "new", [{ x: "y" }]), file)).toBe(expected);
    expect(new SourceDocument(file, expected).root.field("new").value).toEqual([{ x: "y" }]);
  });

  it("takes out a field with its line, where it has one", () => {
    expect(edited("a: 1\nb: 2 # c\nd: 3\n", (root) => removeField(root.field("b")))).toBe("a: 1\nd: 3\n");
    expect(edited("a: 1\nb: 2", (root) => removeField(root.field("b")))).toBe("a: 1\n");
    expect(
      edited("- a: 1\n  b: 2\n", (root) => removeField((root.items[0] ?? root).field("a"))),
    ).toBeUndefined();
    expect(edited("{ a: 1, b: 2 }\n", (root) => removeField(root.field("b")))).toBeUndefined();
    expect(edited("b: 2\n", (root) => removeField(root.field("b")))).toBeUndefined();
  });

  it("is not made where another one is already", () => {
    const twice = [
      [{ start: 0, end: 3, text: "x" }],
      [{ start: 2, end: 4, text: "y" }],
      [{ start: 4, end: 4, text: "z" }],
      [{ start: 4, end: 5, text: "w" }],
    ];
    expect(applyEdits("abcdef", twice)).toEqual({ text: "xdzef", applied: [0, 2] });
  });
});

describe("--fix", () => {
  it("keeps comments, quotes, order and the ends of lines", async () => {
    const text = `# Our runtime.
source: "https://github.com/acme/runtimes/example" # the name

kind:   runtime
version: 'v0.1.0'
entrypoint: { artifactPath: ./bin//example, args: [ --port, 8080 ] } # what is started
spec: {configSchemaPath: ./config.schema.yaml}
`.replaceAll("\n", "\r\n");
    const folder = await layOut({ files: { ...goodPackage, "manifest.yaml": text } });
    const { findings } = await fixFiles([folder], { platform: { os: "linux", arch: "arm64" } });
    expect(findings).toEqual([]);
    expect(await readFile(join(folder, "manifest.yaml"), "utf8")).toBe(
      `# Our runtime.
source: "github.com/acme/runtimes/example" # the name

kind:   runtime
version: '0.1.0'
artifacts:
  - os: linux
    arch: amd64
    path: bin/example
entrypoint: { artifactPath: bin/example, args: [ --port, "8080" ] } # what is started
spec: {configSchemaPath: config.schema.yaml}
`.replaceAll("\n", "\r\n"),
    );
  });

  it("goes on where one mend shows the next fault", async () => {
    const manifest = change(change(goodManifest, "artifacts:", "Artifacts:"), "arch: amd64", "arch: x64");
    const folder = await layOut({ files: { ...goodPackage, "manifest.yaml": manifest } });
    const { fixed, findings } = await fixFiles([folder]);
    expect(fixed.map(({ ruleId }) => ruleId)).toEqual(["manifest/unknown-field", "manifest/platform-name"]);
    expect(findings).toEqual([]);
    expect(await readFile(join(folder, "manifest.yaml"), "utf8")).toBe(goodManifest);
  });

  it("adds nothing that stands there in another spelling", async () => {
    const manifest = change(change(goodManifest, "artifacts:", "Artifacts:"), "entrypoint:", "entry_point:");
    const folder = await layOut({ files: { ...goodPackage, "manifest.yaml": manifest } });
    const { fixed, findings } = await fixFiles([folder]);
    expect(fixed.map(({ ruleId }) => ruleId)).toEqual(["manifest/unknown-field", "manifest/unknown-field"]);
    expect(findings).toEqual([]);
    expect(await readFile(join(folder, "manifest.yaml"), "utf8")).toBe(goodManifest);
  });

  it("of two wrong spellings takes the first", async () => {
    const manifest = change(goodManifest, "version: 0.1.0\n", "Version: 0.1.0\nVERSION: 0.2.0\n");
    const folder = await layOut({ files: { ...goodPackage, "manifest.yaml": manifest } });
    const { findings } = await fixFiles([folder]);
    expect(findings.map((finding) => line(folder, finding))).toEqual([
      "manifest.yaml:4:1 error manifest/unknown-field VERSION is no field of a manifest | take it out: version stands there already",
    ]);
    expect(await readFile(join(folder, "manifest.yaml"), "utf8")).toBe(
      manifest.replace("Version", "version"),
    );
  });

  it("puts any two faults right that stand together", async () => {
    const faults = [
      ["source: github.com", "source: https://github.com"],
      ["version: 0.1.0", "version: v0.1.0"],
      ["artifacts:\n", "Artifacts:\n"],
      ["artifacts:\n  - os: linux\n    arch: amd64\n    path: bin/example\n", ""],
      ["  - os: linux", "  - OS: linux"],
      ["arch: amd64", "arch: x64"],
      ["    path: bin/example\n", "    path: ./bin/example\n    libc: gnu\n"],
      ["entrypoint:\n  artifactPath: bin/example\n", ""],
      ["entrypoint:\n", "entry-point:\n"],
      ["  artifactPath: bin/example\n", "  artifactPath: bin//example\n  args: [1]\n"],
      ["configSchemaPath: config", "configSchemaPath: './config"],
    ] as const;
    const folder = await layOut({ files: goodPackage });
    const path = join(folder, "manifest.yaml");
    const options = { platform: { os: "linux", arch: "amd64" } } as const;
    let pairs = 0;
    for (const [from, to] of faults)
      for (const [otherFrom, otherTo] of faults) {
        const once = goodManifest.replace(from, to);
        if (from === otherFrom || !once.includes(otherFrom)) continue;
        const text = once
          .replace(otherFrom, otherTo)
          .replace("'./config.schema.yaml", "'./config.schema.yaml'");
        await writeFile(path, text);
        const { findings } = await fixFiles([path], options);
        // Where all is gone that could tell what is started, only the author knows.
        const left = text.includes("bin/") || text.includes("bin//") ? [] : ["manifest/entrypoint-missing"];
        expect({ text, left: findings.map(({ ruleId }) => ruleId) }).toEqual({ text, left });
        pairs += 1;
      }
    expect(pairs).toBeGreaterThan(80);
  });

  it("writes no file that it has nothing to change in", async () => {
    const folder = await layOut({ files: goodPackage });
    const path = join(folder, "manifest.yaml");
    await writeFile(path, change(goodManifest, "version: 0.1.0", "version:    0.1.0   # ok"), {
      mode: 0o400,
    });
    const before = await readFile(path, "utf8");
    expect((await fixFiles([folder])).fixed).toEqual([]);
    expect(await readFile(path, "utf8")).toBe(before);
  });
});
