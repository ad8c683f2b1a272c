import { describe, expect, it } from "vitest";
import { findEntry } from "../../src/release/entry.js";
import { makePackage } from "./package-fixture.js";

describe("the program's first file", () => {
  const none = { "src/main.ts": undefined };

  it.each<[string, Record<string, string | object | undefined>, string | undefined, string]>([
    ["what was asked for", { "a/b.ts": "" }, "./a/b.ts", "a/b.ts"],
    ["src/main.ts", { "package.json": { bin: "dist/x.mjs" }, "dist/x.mjs": "" }, undefined, "src/main.ts"],
    [
      "source in package.json, before anything else",
      { "package.json": { source: "lib/start.ts" }, "lib/start.ts": "" },
      undefined,
      "lib/start.ts",
    ],
    ["src/main.mjs", { ...none, "src/main.mjs": "", "src/other.js": "" }, undefined, "src/main.mjs"],
    [
      "the only bin",
      { ...none, "package.json": { bin: { x: "./dist/x.mjs" }, main: "m.js" }, "dist/x.mjs": "", "m.js": "" },
      undefined,
      "dist/x.mjs",
    ],
    [
      "main, where there are several commands or none is built",
      {
        ...none,
        "package.json": { bin: { x: "x.js", y: "y.js" }, main: "m.js" },
        "x.js": "",
        "y.js": "",
        "m.js": "",
      },
      undefined,
      "m.js",
    ],
  ])("is %s", async (_, files, given, found) => {
    expect(await findEntry(await makePackage(files), given)).toBe(found);
  });
});
