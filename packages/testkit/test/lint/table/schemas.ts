import { change, type LintCase } from "../case.js";
import { goodPackage, goodSchema } from "./good.js";

function wrong(name: string, from: string, to: string): Omit<LintCase, "findings"> {
  return { name, files: { "config.schema.yaml": change(goodSchema, from, to) } };
}

/** Config schemas, by themselves and in their package. */
export const schemas: readonly LintCase[] = [
  {
    name: "a schema that is a list",
    files: { ...goodPackage, "config.schema.yaml": "- type: object\n" },
    findings: [
      "config.schema.yaml:1:1 error schema/object it is no JSON Schema: a map is expected | begin it with type: object",
    ],
  },
  {
    name: "a schema that is no JSON",
    files: { "config.schema.json": '{ "type": "object", // all\n}\n' },
    findings: [
      "config.schema.json:1:21 error document/syntax it can't be read: no JSON: Expected double-quoted property name | write JSON",
    ],
  },
  {
    ...wrong("a schema for text", "type: object\n", "type: string\n"),
    findings: [
      "config.schema.yaml:1:7 error schema/object it takes string, but a config is always an object | write type: object",
    ],
  },
  {
    ...wrong("a draft that is none", "type: object\n", "$schema: https://example.com/schema\ntype: object\n"),
    findings: [
      'config.schema.yaml:1:10 error schema/draft $schema "https://example.com/schema" is no draft that the host knows | write https://json-schema.org/draft/2020-12/schema',
    ],
  },
  {
    ...wrong(
      "a draft whose address is not quite right",
      "type: object\n",
      "$schema: http://json-schema.org/draft/2020-12/schema/ # the newest\ntype: object\n",
    ),
    findings: [
      'config.schema.yaml:1:10 error schema/draft $schema "http://json-schema.org/draft/2020-12/schema/" is no draft that the host knows | write https://json-schema.org/draft/2020-12/schema',
    ],
    fixed: {
      "config.schema.yaml": `$schema: https://json-schema.org/draft/2020-12/schema # the newest\n${goodSchema}`,
    },
  },
  {
    ...wrong(
      "a draft that the SDK does not read",
      "type: object\n",
      "$schema: https://json-schema.org/draft/2019-09/schema\ntype: object\n",
    ),
    findings: [
      "config.schema.yaml:1:10 warning schema/sdk-draft draft 2019-09 is read by the host, but not by jsonSchema() of the SDK | write the schema in draft 2020-12 (https://json-schema.org/draft/2020-12/schema)",
    ],
  },
  {
    ...wrong("a type that is none", "region: { type: string }", "region: { type: text }"),
    findings: [
      'config.schema.yaml:4:19 error schema/valid properties.region.type "text" is no type of JSON Schema | write string',
    ],
  },
  {
    ...wrong("a type of other languages", "type: integer, minimum: 1", "type: int, minimum: 1"),
    findings: [
      'config.schema.yaml:5:17 error schema/valid properties.pool.type "int" is no type of JSON Schema | write integer',
    ],
  },
  {
    ...wrong("a limit in quotes", "minimum: 1", 'minimum: "1"'),
    findings: [
      "config.schema.yaml:5:35 error schema/valid properties.pool.minimum must be number | write what JSON Schema wants there",
    ],
  },
  {
    name: "a dependency that is a number",
    files: {
      "config.schema.json": `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "dependencies": { "a": 5 }
}
`,
    },
    findings: [
      "config.schema.json:4:26 error schema/valid dependencies.a must be object,boolean | write what JSON Schema wants there",
    ],
  },
  {
    ...wrong("required that is true", "required: [region]", "required: true"),
    findings: [
      "config.schema.yaml:6:11 error schema/valid required must be array | write what JSON Schema wants there",
    ],
  },
  {
    ...wrong("required twice", "required: [region]", "required: [region, region]"),
    findings: [
      "config.schema.yaml:6:11 error schema/valid required must NOT have duplicate items (items ## 1 and 0 are identical) | write what JSON Schema wants there",
    ],
  },
  {
    ...wrong(
      "a pattern that is no regular expression",
      "region: { type: string }",
      'region: { type: string, pattern: "[a-" }',
    ),
    findings: [
      'config.schema.yaml:4:36 error schema/pattern pattern "[a-" is no regular expression (unterminated character class) | write one that Go and JavaScript both read',
    ],
  },
  {
    ...wrong(
      "a pattern that looks ahead",
      "region: { type: string }",
      "region: { type: string, pattern: '^(?!us-)' }",
    ),
    findings: [
      "config.schema.yaml:4:36 error schema/pattern pattern \"^(?!us-)\" looks ahead, which Go's regular expressions can't | write one that Go and JavaScript both read",
    ],
  },
  {
    ...wrong(
      "a pattern that refers back",
      "region: { type: string }",
      "region: { type: string, pattern: '^(a+)-\\1$' }",
    ),
    findings: [
      "config.schema.yaml:4:36 error schema/pattern pattern \"^(a+)-\\\\1$\" refers back to a group, which Go's regular expressions can't | write one that Go and JavaScript both read",
    ],
  },
  {
    ...wrong(
      "a pattern for names that looks behind",
      "required: [region]\n",
      "required: [region]\npatternProperties:\n  '(?<=x)y': true\n",
    ),
    findings: [
      "config.schema.yaml:8:3 error schema/pattern pattern \"(?<=x)y\" looks behind, which Go's regular expressions can't | write one that Go and JavaScript both read",
    ],
  },
  {
    ...wrong("a reference to a file", "region: { type: string }", 'region: { $ref: "./region.yaml" }'),
    findings: [
      'config.schema.yaml:4:19 error schema/self-contained $ref "./region.yaml" leads out of the schema; the host resolves it against its own working directory | move what it names below $defs, and write "#/$defs/<name>"',
    ],
  },
  {
    ...wrong(
      "a reference to an address",
      "region: { type: string }",
      'region: { $ref: "https://example.com/region.json#/definitions/a" }',
    ),
    findings: [
      'config.schema.yaml:4:19 error schema/self-contained $ref "https://example.com/region.json#/definitions/a" leads out of the schema; the host resolves it against its own working directory | move what it names below $defs, and write "#/$defs/<name>"',
    ],
  },
  {
    name: "a reference with a slip",
    files: {
      "config.schema.yaml": `${change(goodSchema, "region: { type: string }", 'region: { $ref: "#/$defs/regoin" }')}$defs:
  region: { type: string }
`,
    },
    findings: [
      'config.schema.yaml:4:19 error schema/reference $ref "#/$defs/regoin" leads to nothing | write "#/$defs/region"',
    ],
  },
  {
    ...wrong(
      "a reference to an anchor that is not there",
      "region: { type: string }",
      'region: { $ref: "#region" }',
    ),
    findings: [
      'config.schema.yaml:4:19 error schema/reference $ref "#region" leads to nothing | add what it names below $defs',
    ],
  },
  {
    ...wrong("a keyword with a slip", "additionalProperties: false", "additionalProperites: false"),
    findings: [
      "config.schema.yaml:2:1 warning schema/keyword additionalProperites is no keyword of JSON Schema, so it checks nothing | write additionalProperties",
    ],
  },
  {
    ...wrong("a keyword that is none", "region: { type: string }", "region: { type: string, secret: true }"),
    findings: [
      "config.schema.yaml:4:27 warning schema/keyword secret is no keyword of JSON Schema, so it checks nothing | take it out, or call it x-...",
    ],
  },
  {
    ...wrong("something required that may not be there", "required: [region]", "required: [region, zone]"),
    findings: [
      "config.schema.yaml:6:20 warning schema/required-unknown zone is required, but additionalProperties: false refuses it: no config can pass | add zone to properties, or take it out of required",
    ],
  },
];
