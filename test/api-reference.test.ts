import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, TSConfigReader } from "typedoc";
import { describe, expect, it, onTestFinished } from "vitest";
import { entryPointFaults, missingEntryPoints } from "../scripts/checks/api-reference.mjs";
import { undocumented } from "../scripts/typedoc/documented.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The names without a docstring of a module with this text. */
async function gapsOf(text: string): Promise<string[]> {
  await mkdir(join(root, ".reports"), { recursive: true });
  const folder = await mkdtemp(join(root, ".reports/gaps-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "module.ts"), text);
  const config = { extends: "../../tsconfig.base.json", include: ["*.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const app = await Application.bootstrap(
    {
      entryPoints: [join(folder, "module.ts")],
      tsconfig: join(folder, "tsconfig.json"),
      disableGit: true,
      skipErrorChecking: true,
      sourceLinkTemplate: "{path}",
      gitRevision: "x",
    },
    [new TSConfigReader()],
  );
  const project = await app.convert();
  if (project === undefined) throw new Error("the module could not be read");
  return undocumented(project).map((gap) => gap.replace(/ \(.*/, ""));
}

describe("docstrings", () => {
  it("are missed on every export and on every member of one", { timeout: 30_000 }, async () => {
    const gaps = await gapsOf(`
      export interface Bare { left: string; call(): void }
      export class Kind { field = ""; get value() { return 1; } method() {} #hidden = 1; private own = this.#hidden; }
      export type Alias = { part: string } | { other: number };
      export function act() {}
      export const value = () => 1;
      export const object: { part: string } = { part: "" };
      interface Inner { unseen: string }
      /** Told. */
      export type Uses = Inner["unseen"];
    `);
    expect(gaps.sort()).toEqual([
      "Alias",
      "Alias.other",
      "Alias.part",
      "Bare",
      "Bare.call",
      "Bare.left",
      "Kind",
      "Kind.field",
      "Kind.method",
      "Kind.value",
      "act",
      "object",
      "value",
    ]);
  });

  it("are not asked of what a reader is told elsewhere", { timeout: 30_000 }, async () => {
    const gaps = await gapsOf(`
      /** An interface. */
      export interface Told {
        /** Two sides: \`a\` is here, \`b\` there. */
        readonly sides: { readonly a: string; readonly b: { readonly c: number } };
        /** Does something with \`by\`. */
        act(options: { readonly by: number }): { readonly result: string };
      }
      /** One of two. */
      export type Union = { readonly how: "one" } | { readonly how: "two" };
      /** An error. */
      export class Fault extends Error { override readonly name = "Fault" }
      /** A function with options. */
      export function act({ by }: { readonly by: number }): number { return by; }
    `);
    expect(gaps).toEqual([]);
  });
});

describe("the reference's entry points", () => {
  const exports = {
    ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
    "./part": { types: "./dist/part.d.ts", default: "./dist/part.js" },
    "./package.json": "./package.json",
  };
  const exists = (file: string) => ["src/index.ts", "src/part/index.ts"].includes(file);

  it("are all that the packages export", () => {
    expect(entryPointFaults()).toEqual([]);
    expect(missingEntryPoints(exports, ["src/index.ts", "src/part/index.ts"], exists)).toEqual([]);
  });

  it("stand in the package's own page", () => {
    const folder = join(root, "packages/sdk");
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name: string;
      exports: Record<string, unknown>;
    };
    const page = readFileSync(join(folder, "README.md"), "utf8");
    const names = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
    expect(names).toContain("./processes");
    for (const name of names) expect(page).toContain(`| \`${manifest.name}${name.slice(1)}\` `);
  });

  it("lack nothing and hold nothing else", () => {
    expect(missingEntryPoints(exports, ["src/index.ts", "src/old.ts"], exists)).toEqual([
      'entryPoints lacks "src/part/index.ts", which is exported as "./part"',
      'entryPoints has "src/old.ts", which package.json does not export',
    ]);
    const odd = { "./odd": { types: "./dist/odd.d.ts" } };
    expect(missingEntryPoints(odd, [], exists)).toEqual([
      'entryPoints lacks "src/odd.ts or src/odd/index.ts", which is exported as "./odd"',
    ]);
  });
});
