import { describe, expect, it } from "vitest";
import type { Finding, FixResult } from "../../src/lint/index.js";
import { formatGithub, formatJson, formatText } from "../../src/lint/report/index.js";

const error: Finding = {
  file: "a,b/manifest.yaml",
  line: 9,
  column: 17,
  ruleId: "manifest/path-normalized",
  severity: "error",
  message: 'path "50%\nx" is not normalised',
  suggestion: "write x",
  fix: [{ start: 1, end: 2, text: "x" }],
};
const warning: Finding = {
  file: "a.tar.gz!/manifest.yaml",
  line: 4,
  column: 1,
  ruleId: "manifest/empty-field",
  severity: "warning",
  message: "description has no value",
  suggestion: "write its value",
};
const note: Finding = {
  ...warning,
  file: "gestaltd.yaml",
  severity: "note",
  ruleId: "config/sandboxed-provider",
};
const result: FixResult = {
  files: ["a,b/manifest.yaml", "a.tar.gz"],
  findings: [error, warning, note],
  fixed: [],
};

describe("a report", () => {
  it("for people has a line per finding, what to write below it, and a count", () => {
    expect(formatText(result)).toBe(`a,b/manifest.yaml:9:17 error path "50%
x" is not normalised
    write x (manifest/path-normalized, --fix does it)
a.tar.gz!/manifest.yaml:4:1 warning description has no value
    write its value (manifest/empty-field)
gestaltd.yaml:4:1 note description has no value
    write its value (config/sandboxed-provider)
1 error, 1 warning, 1 note in 2 files; --fix puts 1 right
`);
    expect(formatText({ files: ["a"], findings: [], fixed: [error] })).toBe(
      'a,b/manifest.yaml:9:17 fixed: path "50%\nx" is not normalised; write x\n1 fixed, nothing found in 1 file\n',
    );
    expect(formatText({ files: ["a"], findings: [] })).toBe("nothing found in 1 file\n");
  });

  it("for people has colours where they are wanted, and none else", () => {
    expect(formatText(result, { colour: true })).toContain("\u001B[31merror\u001B[39m");
    expect(formatText(result)).not.toContain("\u001B");
  });

  it("for programs is one object", () => {
    expect(JSON.parse(formatJson(result))).toEqual({
      version: 1,
      files: result.files,
      findings: [error, warning, note],
      fixed: [],
      summary: { errors: 1, warnings: 1, notes: 1, fixable: 1 },
    });
  });

  it("for GitHub is a workflow command per finding, with what would end it escaped", () => {
    expect(formatGithub(result)).toBe(
      `::error file=a%2Cb/manifest.yaml,line=9,col=17,title=manifest/path-normalized::path "50%25%0Ax" is not normalised; write x
::warning file=a.tar.gz,title=manifest/empty-field::manifest.yaml:4:1 description has no value; write its value
::notice file=gestaltd.yaml,line=4,col=1,title=config/sandboxed-provider::description has no value; write its value
`,
    );
    expect(formatGithub({ files: ["a"], findings: [] })).toBe("");
  });
});
