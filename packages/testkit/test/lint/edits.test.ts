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
import { change, layOut } from "./case.js";
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
