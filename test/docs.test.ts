import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fixturePlugin, startGestaltd } from "@gestalt-runtime/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

interface Snippet {
  /** Where it stands, such as `docs/first-provider.md:57`. */
  readonly place: string;
  /** The file that it shows, if it shows one. */
  readonly file: string | undefined;
  /** The folder whose files it imports as its own, if it does. */
  readonly beside: string | undefined;
  readonly code: string;
}

async function snippets(): Promise<Snippet[]> {
  const guides = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
  const pages = [
    "README.md",
    "packages/sdk/README.md",
    "packages/testkit/README.md",
    ...guides.map((name) => `docs/${name}`),
  ];
  const found: Snippet[] = [];
  for (const page of pages) {
    const text = await readFile(join(root, page), "utf8");
    for (const { index, 1: file, 2: beside, 3: code = "" } of text.matchAll(
      /^```ts(?: file=(\S+))?(?: beside=(\S+))?\n([^]*?)^```$/gm,
    ))
      found.push({ place: `${page}:${text.slice(0, index).split("\n").length}`, file, beside, code });
  }
  return found;
}

describe("the docs", () => {
  it("show files as they are", async () => {
    const shown = (await snippets()).filter(({ file }) => file !== undefined);
    expect(shown.length).toBeGreaterThan(0);
    for (const { place, file = "", code } of shown)
      expect({ place, code }).toEqual({ place, code: await readFile(join(root, file), "utf8") });
  });

  it("hold only code that compiles", { timeout: 120_000 }, async () => {
    await mkdir(join(root, ".reports"), { recursive: true });
    // Below the root, so that the packages are found as a user's project finds them.
    const folder = await mkdtemp(join(root, ".reports/snippets-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const all = await snippets();
    for (const [index, { code, place, beside }] of all.entries()) {
      const importing = beside === undefined ? code : code.replaceAll(' "./', ` "../../${beside}/`);
      await writeFile(join(folder, `snippet-${index}.ts`), `// ${place}\n${importing}\nexport {};\n`);
    }
    const options = {
      extends: "../../tsconfig.base.json",
      include: ["*.ts"],
      compilerOptions: { noUnusedLocals: false },
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(options));
    const faults = await run(join(root, "node_modules/.bin/tsc"), ["-p", folder]).then(
      () => "",
      (error: unknown) => (error as { stdout: string }).stdout,
    );
    expect(all.length).toBeGreaterThan(5);
    expect(faults.replace(/snippet-(\d+)\.ts/g, (_, index: string) => all[Number(index)]?.place ?? "?")).toBe(
      "",
    );
  });

  it("PLUG-4, SESS-8: the provider that the README shows hosts a plugin and leaves nothing", async () => {
    const directory = await mkdtemp("/tmp/gdoc-");
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const before = (await readdir("/tmp")).filter((name) => name.startsWith("minimal-"));
    await using gestaltd = await startGestaltd({
      tmpDir: directory,
      runtimeProviders: {
        mine: { command: join(root, "examples/minimal-runtime/dist/minimal-runtime.mjs") },
      },
      plugins: { example: { ...fixturePlugin(), cache: ["main"] } },
    });
    expect(gestaltd.outcomes.get("example")).toMatchObject({ status: "hosted" });
    const { body } = await gestaltd.execute("example", "cache", { key: "greeting", value: "hello" });
    expect(JSON.parse(body)).toMatchObject({ found: true, value: "hello" });
    expect(await gestaltd.stop()).toMatchObject({ mine: { code: 0, killed: false } });
    expect(await readdir(directory)).toEqual([]);
    expect((await readdir("/tmp")).filter((name) => name.startsWith("minimal-"))).toEqual(before);
  });
});
