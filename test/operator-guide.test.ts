import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jsonSchema, type JsonObject } from "@gestalt-runtime/sdk";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { configPage } from "../scripts/config-page.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");
const schema = JSON.parse(await read("examples/process-runtime/config.schema.json")) as JsonObject;

async function sources(folder: string): Promise<string> {
  const names = (await readdir(join(root, folder), { recursive: true })).filter((name) =>
    name.endsWith(".ts"),
  );
  return (await Promise.all(names.map((name) => read(join(folder, name))))).join("\n");
}

describe("the operator's guide", () => {
  it("LIFE-3: shows a configuration that the schema takes, with every field in it", async () => {
    const page = await read("docs/process-runtime.md");
    const config = parse(/^```yaml config\n([^]*?)^```$/m.exec(page)?.[1] ?? "") as JsonObject;
    await jsonSchema(schema).check(config, "process");
    expect(Object.keys(config).sort()).toEqual(Object.keys(schema.properties as object).sort());
    await expect(jsonSchema(schema).check({ ...config, limits: { memory: 1 } }, "process")).rejects.toThrow(
      "/limits/memory",
    );
  });

  it("PLUG-6, LIFE-3: quotes only errors that the source has", async () => {
    const table = (await read("docs/process-runtime.md")).split("## When something fails")[1] ?? "";
    const quoted = [...table.matchAll(/^\| `(.+?)` +\|/gm)].map(([, text = ""]) => text);
    expect(quoted.length).toBeGreaterThan(15);
    const source = (
      await Promise.all(["examples/process-runtime/src", "packages/sdk/src"].map(sources))
    ).join("\n");
    expect(quoted.filter((text) => !source.includes(text))).toEqual([]);
    expect(source).not.toContain("an error that nobody gives");
  });

  it("LIFE-3: tells every field on the page that is written from the schema", async () => {
    const page = await read("docs/process-runtime-config.md");
    expect(page).toBe(await configPage());
    for (const name of Object.keys(schema.properties as object)) expect(page).toContain(`\`${name}`);
  });
});
