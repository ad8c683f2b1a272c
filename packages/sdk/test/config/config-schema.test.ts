import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { jsonSchema, jsonSchemaFile } from "../../src/config/config-schema.js";
import type { JsonObject } from "../../src/index.js";

function refusal(config: JsonObject, schema: JsonObject | string): Promise<unknown> {
  const checker = typeof schema === "string" ? jsonSchemaFile(schema) : jsonSchema(schema);
  return Promise.resolve(checker.check(config, "ops")).then(
    () => "taken",
    (error: unknown) => error,
  );
}

function file(name: string, text: string): string {
  const folder = mkdtempSync("/tmp/l1-");
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe("what a config breaks", () => {
  it.each<[string, JsonObject, JsonObject, string]>([
    [
      "a missing field inside an object of an array",
      { properties: { pools: { items: { required: ["size"] } } } },
      { pools: [{ size: 1 }, {}] },
      "/pools/1/size is missing",
    ],
    [
      "a field that is unknown inside another",
      { properties: { a: { properties: { b: {} }, additionalProperties: false } } },
      { a: { c: 1 } },
      "/a/c is not a known field",
    ],
    [
      "an unevaluated field",
      { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false },
      { b: 1 },
      "/b is not a known field",
    ],
    ["a wrong type", { properties: { a: { type: "integer" } } }, { a: 1.5 }, "/a must be integer"],
    [
      "several types",
      { properties: { a: { type: ["string", "null"] } } },
      { a: 1 },
      "/a must be string,null",
    ],
    ["a value of a list", { properties: { a: { enum: ["x", 1] } } }, { a: "y" }, '/a must be one of ["x",1]'],
    ["a constant", { properties: { a: { const: "x" } } }, { a: "y" }, '/a must be "x"'],
    ["the whole", { minProperties: 1 }, {}, "/ must NOT have fewer than 1 properties"],
    ["a name that needs escapes", { required: ["a/b~c"] }, {}, "/a~1b~0c is missing"],
    [
      "text to be parsed as a date",
      { properties: { at: { type: "string", format: "date-time" } } },
      { at: "tomorrow" },
      '/at must match format "date-time"',
    ],
  ])("LIFE-3: names %s", async (_, schema, config, place) => {
    expect(await refusal(config, schema)).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `the config of runtime provider "ops" breaks its schema in 1 place: ${place}`,
    });
  });

  it("LIFE-3: three mistakes name three paths at once", async () => {
    const schema = {
      type: "object",
      required: ["region"],
      additionalProperties: false,
      properties: { region: {}, pool: { properties: { size: { type: "integer" } } } },
    };
    expect(await refusal({ pool: { size: "two" }, zone: 1 }, schema)).toMatchObject({
      message:
        'the config of runtime provider "ops" breaks its schema in 3 places: /region is missing; /zone is not a known field; /pool/size must be integer',
    });
  });

  it("LIFE-3: defaults go into a copy; what the host sent stays as it was", async () => {
    const config = { pool: {} };
    const schema = { properties: { pool: { properties: { size: { default: 4 } } }, name: { default: "x" } } };
    expect(await jsonSchema(schema).check(config, "ops")).toEqual({ pool: { size: 4 }, name: "x" });
    expect(config).toEqual({ pool: {} });
  });

  it("LIFE-3: a number is not taken for a text, nor a text for a number", async () => {
    expect(await refusal({ a: "1" }, { properties: { a: { type: "number" } } })).toMatchObject({
      message: expect.stringContaining("/a must be number") as string,
    });
  });
});

describe("the schema's own draft", () => {
  it.each([
    "https://json-schema.org/draft/2020-12/schema",
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-07/schema",
  ])("LIFE-3: %s is understood", async ($schema) => {
    const schema = { $schema, properties: { a: { type: "string" } } };
    expect(await jsonSchema(schema).check({ a: "x" }, "ops")).toEqual({ a: "x" });
    expect(await refusal({ a: 1 }, schema)).toMatchObject({
      message: expect.stringContaining("/a must be string") as string,
    });
  });
});

describe("a schema that is none", () => {
  it.each([
    ["schema.json", "{", "JSON"],
    ["schema.yaml", "a: [", "can't be read"],
    ["schema.yaml", "", "it holds no JSON Schema: an object is expected"],
    ["schema.json", "[]", "it holds no JSON Schema: an object is expected"],
    ["schema.json", '"object"', "it holds no JSON Schema: an object is expected"],
    ["schema.json", '{"type": 7}', "the provider's config schema is no valid JSON Schema"],
    ["schema.json", '{"$ref": "#/nowhere"}', "the provider's config schema is no valid JSON Schema"],
    [
      "schema.json",
      '{"$schema": "https://json-schema.org/draft/2019-09/schema"}',
      `the provider's config schema is written in "https://json-schema.org/draft/2019-09/schema"; write it in draft 2020-12 or draft-07, and say so in $schema`,
    ],
    ["schema.json", '{"$schema": 7}', "the provider's config schema is written in 7;"],
  ])("LIFE-3: %s with %j is INTERNAL and says so", async (name, text, fault) => {
    expect(await refusal({}, file(name, text))).toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining(fault) as string,
    });
  });
});
