import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each entry point exports, types as well: one line for each name, with what it is. Generated code is left out. */
function publicNames(folder: string): Map<string, string[]> {
  const { config } = ts.readConfigFile(join(folder, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, folder);
  const { entryPoints } = JSON.parse(readFileSync(join(folder, "typedoc.json"), "utf8")) as {
    entryPoints: string[];
  };
  const files = entryPoints.map((file) => join(folder, file));
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return new Map(
    files.map((file) => {
      const source = program.getSourceFile(file);
      const symbol = source && checker.getSymbolAtLocation(source);
      if (symbol === undefined) throw new Error(`${file} is no module`);
      const lines = checker
        .getExportsOfModule(symbol)
        .map((one) => ({ name: one.name, target: resolved(one, checker) }))
        .filter(({ target }) => !isGenerated(target))
        .map(({ name, target }) => `${name} (${kindOf(target)})`);
      return [file.endsWith("src/index.ts") ? "index" : basename(dirname(file)), lines.sort()];
    }),
  );
}

function resolved(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function isGenerated({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some((declaration) => declaration.getSourceFile().fileName.includes("/src/gen/"));
}

function kindOf({ flags, name }: ts.Symbol): string {
  const kinds: [ts.SymbolFlags, string][] = [
    [ts.SymbolFlags.Class, "class"],
    [ts.SymbolFlags.Function, "function"],
    [ts.SymbolFlags.Variable, "value"],
    [ts.SymbolFlags.Interface, "interface"],
    [ts.SymbolFlags.TypeAlias, "type"],
  ];
  const found = kinds.find(([flag]) => (flags & flag) !== 0);
  if (found === undefined) throw new Error(`${name} is exported, and neither a value nor a type`);
  return found[1];
}

describe("public names", () => {
  // Adding one is a decision, taking one away breaks somebody. To put a change down: vitest run test/public-names -u
  it.each(["sdk", "testkit"])("of the %s are these and no others", { timeout: 60_000 }, async (name) => {
    for (const [entryPoint, lines] of publicNames(join(root, "packages", name))) {
      expect(lines.length).toBeGreaterThan(0);
      await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`public-names/${name}.${entryPoint}.txt`);
    }
  });
});
