import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { resolveLimits } from "../../src/sessions/limits.js";
import { decodeRecord, encodeRecord } from "../../src/store/record.js";

const page = readFileSync(fileURLToPath(new URL("../../../../docs/sessions.md", import.meta.url)), "utf8");
const room = new URL("../../src/sessions/", import.meta.url);

/** The cells of the rows of the table whose first heading this is. */
function table(firstHeading: string): string[][] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${firstHeading} `));
  if (start === -1) throw new Error(`docs/sessions.md has no table that begins with "${firstHeading}"`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function parse(name: string, text: string): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** The texts that an expression may come to; `undefined` for one that only names another. */
function textsOf(expression: ts.Expression): (string | undefined)[] {
  if (ts.isStringLiteralLike(expression)) return [expression.text];
  if (ts.isTemplateExpression(expression))
    return [
      expression.head.text +
        expression.templateSpans
          .map((span) => `<${span.expression.getText().split(".").at(-1) ?? ""}>${span.literal.text}`)
          .join(""),
    ];
  if (ts.isConditionalExpression(expression))
    return [...textsOf(expression.whenTrue), ...textsOf(expression.whenFalse)];
  return [undefined];
}

/** Every word that this source gives a session as its reason, and the names that stand where a word could. */
function reasonsIn(source: ts.SourceFile): { words: string[]; names: string[] } {
  const words: string[] = [];
  const names: string[] = [];
  const take = (expression: ts.Expression): void => {
    for (const text of textsOf(expression)) {
      if (text === undefined) names.push(expression.getText());
      else words.push(text);
    }
  };
  walk(source, (node) => {
    if (ts.isCallExpression(node) && node.arguments[0] !== undefined) {
      const called = node.expression.getText();
      if (/^(states\.)?(failed|stopped)$|^this\.#fail$/.test(called)) take(node.arguments[0]);
    }
    if (ts.isFunctionDeclaration(node) && node.name?.text === "reasonOf")
      walk(node, (part) => {
        if (ts.isReturnStatement(part) && part.expression !== undefined) take(part.expression);
      });
  });
  return { words, names };
}

describe("docs/sessions.md", () => {
  it("SESS-4: lists every reason that a session can get, and no other", () => {
    const found = readdirSync(room)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => reasonsIn(parse(name, readFileSync(new URL(name, room), "utf8"))));
    const inDocs = table("reason").map(([word = ""]) => word.replaceAll("`", ""));
    const inCode = new Set(found.flatMap(({ words }) => words));
    expect(inDocs.sort()).toEqual([...inCode].sort());
    // A word may come from a variable in these places alone: what the variable holds is looked at above.
    expect(new Set(found.flatMap(({ names }) => names))).toEqual(new Set(["word", "reasonOf(ended)"]));
  });

  it("finds words in code however they are chosen", () => {
    const code = `
      this.#fail(x ? "a" : "b", e); states.stopped("c", ""); failed(\`\${end.limit}-d\`, ""); states.failed(word, "");
      function reasonOf() { switch (x) { case 1: return "e"; default: return f(x); } }
      other("g"); states.running("h");
    `;
    expect(reasonsIn(parse("x.ts", code))).toEqual({
      words: ["a", "b", "c", "<limit>-d", "e"],
      names: ["word", "f(x)"],
    });
  });

  it("lists every limit with its default", () => {
    const sources = parse("limits.ts", readFileSync(new URL("limits.ts", room), "utf8"));
    const members = new Map<string, string[]>();
    walk(sources, (node) => {
      if (ts.isInterfaceDeclaration(node))
        members.set(
          node.name.text,
          node.members.map((member) => member.name?.getText() ?? "?"),
        );
    });
    const nested = (name: string, of: string) => (members.get(of) ?? []).map((member) => `${name}.${member}`);
    const names = (members.get("SessionLimits") ?? []).flatMap((name) =>
      name === "retry" ? nested(name, "RetryLimits") : name === "rate" ? nested(name, "RateLimits") : [name],
    );
    const { retry, rate, ...rest } = resolveLimits({}, { rate: {} });
    const prefixed = (prefix: string, values: object = {}) =>
      Object.entries(values).map(([name, value]: [string, unknown]) => [`${prefix}.${name}`, value] as const);
    const values = new Map<string, unknown>([
      ...Object.entries(rest),
      ...prefixed("retry", retry),
      ...prefixed("rate", rate),
    ]);
    const shown = (value: unknown) => (typeof value === "number" ? value.toLocaleString("en-US") : "none");
    expect(names.length).toBeGreaterThan(20);
    expect(table("limit").map(([name, value]) => [name, value])).toEqual(
      names.map((name) => [`\`${name}\``, shown(values.get(name))]),
    );
  });

  it("tells the same transitions in its diagram and in words, between the states that the host knows", () => {
    const diagram = /```mermaid\nstateDiagram-v2\n([^]*?)```/.exec(page)?.[1] ?? "";
    const edges = diagram
      .trim()
      .split("\n")
      .map((line) => line.trim().replaceAll("[*]", "-").split(" --> "));
    expect(table("from").map(([from, to]) => [from, to])).toEqual(edges);
    const states = new Set(edges.flat());
    states.delete("-");
    expect([...states].sort()).toEqual(["failed", "pending", "ready", "running", "stopped"]);
  });

  it("shows a session's record with every field that can be in it, as it is written", () => {
    const json = /```json\n([^]*?)```/.exec(page)?.[1] ?? "";
    const shown = JSON.parse(json) as Record<string, unknown>;
    const read = decodeRecord(json);
    if ("fault" in read) throw new Error(read.fault);
    const written = encodeRecord(read);
    expect(JSON.parse(written)).toEqual(shown);
    const source = readFileSync(new URL("session-store.ts", room), "utf8");
    const fields: string[] = [];
    walk(parse("session-store.ts", source), (node) => {
      if (ts.isInterfaceDeclaration(node) && node.name.text === "SessionRecord")
        fields.push(...node.members.map((member) => member.name?.getText() ?? "?"));
    });
    expect(Object.keys(shown).sort()).toEqual([...fields, "providerName"].sort());
  });
});
