import { readFile } from "node:fs/promises";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { lintManifestDocument, SourceDocument } from "../../src/lint/index.js";
import { rightManifests } from "./table/right.js";
import { manifestTexts } from "./table/index.js";

/** What no schema can say: it compares two places, or looks at the text or at files. */
const beyondSchemas = [
  "document/duplicate-field",
  "manifest/artifact-unique",
  "manifest/entrypoint-artifact",
  "manifest/artifact-file",
];

const url = new URL("../../schema/manifest.schema.json", import.meta.url);
const schema = JSON.parse(await readFile(url, "utf8")) as { properties: object };
const accepts = new Ajv({ strict: true, strictTypes: false, allErrors: true }).compile(schema);

describe("the schema for editors", () => {
  const wrong = manifestTexts.map(({ name, files, paths: [path = Object.keys(files)[0] ?? ""] = [] }) => ({
    name,
    document: new SourceDocument(path, String(files[path])),
  }));

  it.each(wrong.filter(({ document }) => document.faults.length === 0))(
    "judges as lint does: $name",
    async ({ document }) => {
      const found = await lintManifestDocument(document);
      const sayable = found.filter(({ ruleId }) => !beyondSchemas.includes(ruleId));
      expect({ name: document.file, accepted: accepts(document.value) }).toEqual({
        name: document.file,
        accepted: sayable.length === 0,
      });
    },
  );

  it.each(rightManifests)("takes what lint takes: $name", async ({ file, text }) => {
    const document = new SourceDocument(file, text);
    expect(await lintManifestDocument(document)).toEqual([]);
    expect(accepts(document.value), JSON.stringify(accepts.errors)).toBe(true);
  });

  it("agrees with lint on every path of a table of paths", async () => {
    const good = rightManifests[0]?.text ?? "";
    const paths = [
      "a",
      "a/b",
      ".a/b",
      "a.b/..c",
      "...",
      "a b",
      "./a",
      "a/./b",
      "a/../b",
      "../a",
      "..",
      ".",
      "/a",
      "a//b",
      "a/",
      "a\\b",
      "C:a",
      "C:/a",
      " a",
      "a/.",
      "é",
    ];
    for (const path of paths) {
      const document = new SourceDocument(
        "manifest.yaml",
        good.replaceAll("bin/example", () => JSON.stringify(path)),
      );
      const found = await lintManifestDocument(document);
      expect({ path, accepted: accepts(document.value) }).toEqual({ path, accepted: found.length === 0 });
    }
  });
});
