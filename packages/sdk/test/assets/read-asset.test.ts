import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { jsonSchemaFile, readAsset } from "../../src/index.js";

function fileUrl(name: string, content: string): URL {
  const folder = mkdtempSync("/tmp/as-");
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), content);
  return pathToFileURL(join(folder, name));
}

function packaged(name: string, content: string, mediaType = "application/json"): URL {
  const data = Buffer.from(content).toString("base64");
  return new URL(`data:${mediaType};name=${encodeURIComponent(name)};base64,${data}`);
}

describe("readAsset", () => {
  it("reads a file beside the module, in the sources", async () => {
    expect(String(await readAsset(fileUrl("a b#?.txt", "héllo")))).toBe("héllo");
  });

  it.each([
    [packaged("../a b.bin", "\u0000ÿ?#", "application/octet-stream"), "\u0000ÿ?#"],
    [new URL("data:,a%20b?c%2C"), "a b?c,"],
    [new URL("data:text/plain;charset=utf-8,%C3%A9"), "é"],
    [new URL("data:;base64,"), ""],
  ])("PROC-10: reads what packaging made of it: %s", async (url, text) => {
    expect(String(await readAsset(url))).toBe(text);
  });

  it.each([
    [
      new URL("file:///nowhere/at/all.txt"),
      "NOT_FOUND",
      "the asset /nowhere/at/all.txt can't be read: ENOENT: no such file or directory, open '/nowhere/at/all.txt'",
    ],
    [
      new URL("https://example.com/a.txt"),
      "INVALID_ARGUMENT",
      'https://example.com/a.txt is no asset: name a file beside the module, new URL("./file", import.meta.url)',
    ],
    [
      new URL("data:text/plain"),
      "INVALID_ARGUMENT",
      "a data: URL without a comma holds no data; write data:,text",
    ],
  ])("refuses %s", async (url, code, message) => {
    await expect(readAsset(url)).rejects.toMatchObject({ code, message });
  });
});

describe("jsonSchemaFile", () => {
  const json = '{ "type": "object", "required": ["region"] }';
  const yaml = "type: object\nrequired: [region]\n";

  it.each([
    ["JSON in the sources", () => fileUrl("s.json", json)],
    ["YAML in the sources", () => fileUrl("s.yaml", yaml)],
    ["JSON in a package", () => packaged("../s.json", json)],
    ["YAML in a package", () => packaged("schemas/s.yaml", yaml, "application/yaml")],
  ])("LIFE-3: checks by %s", async (_, url) => {
    const schema = jsonSchemaFile(url());
    await expect(Promise.resolve(schema.check({}, "ops"))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("/region is missing") as string,
    });
    expect(await schema.check({ region: "x" }, "ops")).toEqual({ region: "x" });
  });

  it("names the file of a schema that can't be read", async () => {
    await expect(
      Promise.resolve(jsonSchemaFile(packaged("../s.json", "{")).check({}, "ops")),
    ).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringMatching(/^the provider's config schema \.\.\/s\.json can't be read: /) as string,
    });
  });
});
