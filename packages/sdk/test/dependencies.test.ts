import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const page = readFileSync(join(root, "docs/dependencies.md"), "utf8");
const run = promisify(execFile);

interface Lock {
  readonly importers: Record<string, { readonly dependencies?: Record<string, { version: string }> }>;
  readonly snapshots: Record<
    string,
    {
      readonly dependencies?: Record<string, string>;
      readonly optionalDependencies?: Record<string, string>;
    }
  >;
}

/** The packages that the lockfile gives to one that installs the SDK: name to version, direct ones apart. */
function lockedPackages(): { direct: Map<string, string>; behind: Map<string, string> } {
  const { importers, snapshots } = parse(readFileSync(join(root, "pnpm-lock.yaml"), "utf8")) as Lock;
  const direct = new Map(
    Object.entries(importers["packages/sdk"]?.dependencies ?? {}).map(([name, { version }]) => [
      name,
      version,
    ]),
  );
  const behind = new Map<string, string>();
  const open = [...direct];
  for (const [name, version] of open) {
    const found = snapshots[`${name}@${version}`];
    if (found === undefined) throw new Error(`pnpm-lock.yaml has no snapshot of ${name}@${version}`);
    for (const needed of Object.entries({ ...found.dependencies, ...found.optionalDependencies })) {
      if (behind.has(needed[0]) || direct.has(needed[0])) continue;
      behind.set(...needed);
      open.push(needed);
    }
  }
  return { direct, behind };
}

/** What is installed under such a version, its package.json. */
function installed(name: string, version: string): { license: string; scripts?: Record<string, string> } {
  const store = join(root, "node_modules/.pnpm");
  const plain = `${name.replace("/", "+")}@${version.replace(/\(.*/, "")}`;
  const folder = readdirSync(store).find((entry) => entry === plain || entry.startsWith(`${plain}_`));
  if (folder === undefined) throw new Error(`${plain} is not installed: run pnpm install`);
  return JSON.parse(readFileSync(join(store, folder, "node_modules", name, "package.json"), "utf8")) as {
    license: string;
  };
}

function licences(packages: Map<string, string>): Record<string, string> {
  return Object.fromEntries([...packages].map(([name, version]) => [name, installed(name, version).license]));
}

function section(heading: string): { count: number; text: string } {
  const match = new RegExp(`^## ${heading}: (\\d+)\n([^]*?)(?=^## )`, "m").exec(page);
  if (match === null) throw new Error(`docs/dependencies.md has no section "${heading}"`);
  return { count: Number(match[1]), text: match[2] ?? "" };
}

describe("the SDK's dependencies", () => {
  const { direct, behind } = lockedPackages();

  it("are those of its package.json, each with its licence and reason in docs/dependencies.md", () => {
    const { dependencies, ...rest } = JSON.parse(
      readFileSync(join(root, "packages/sdk/package.json"), "utf8"),
    ) as { dependencies: object; optionalDependencies?: object };
    expect(rest).not.toHaveProperty("optionalDependencies");
    const { count, text } = section("Direct");
    const rows = [...text.matchAll(/^\| `([^`]+)` +\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
    const told = rows.map(([, name = "", licence = ""]) => [name, licence.trim()] as const);
    expect([...direct.keys()].sort()).toEqual(Object.keys(dependencies).sort());
    expect(Object.fromEntries(told)).toEqual(licences(direct));
    expect(count).toBe(direct.size);
    for (const [, name, , reason = "", instead = ""] of rows)
      for (const cell of [reason, instead]) expect(cell.trim(), name).toMatch(/^\S.{15,}\.$/);
  });

  it("are joined by one that is optional, which its own entry point alone asks for", async () => {
    const { peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(join(root, "packages/sdk/package.json"), "utf8"),
    ) as { peerDependencies: object; peerDependenciesMeta: object };
    expect(Object.keys(peerDependencies)).toEqual(["@opentelemetry/api"]);
    expect(peerDependenciesMeta).toEqual({ "@opentelemetry/api": { optional: true } });
    const { count, text } = section("Optional");
    const [name, licence] = /^\| `([^`]+)` +\| ([^|]+) \|/m.exec(text)?.slice(1) ?? [];
    expect([count, name]).toEqual([1, "@opentelemetry/api"]);
    const folder = join(root, "packages/sdk/node_modules/@opentelemetry/api");
    expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({
      license: licence?.trim(),
    });
    const asked = await Promise.all(
      ["index", "egress", "guests", "opentelemetry", "operations", "processes", "protocol"].map(
        async (entry) => {
          const { metafile } = await build({
            entryPoints: [join(root, `packages/sdk/dist/${entry}.js`)],
            bundle: true,
            packages: "external",
            platform: "node",
            format: "esm",
            write: false,
            metafile: true,
          });
          const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
          return [entry, imports.some(({ path }) => path.startsWith("@opentelemetry/"))] as const;
        },
      ),
    );
    expect(asked.filter(([, asks]) => asks).map(([entry]) => entry)).toEqual(["opentelemetry"]);
  });

  it("bring no others with them than docs/dependencies.md names", () => {
    const { count, text } = section("Behind them");
    const told = [...text.matchAll(/`([^`]+)` \(([^)]+)\)/g)].map(([, name, licence]) => [name, licence]);
    expect(Object.fromEntries(told)).toEqual(licences(behind));
    expect(told.length).toBe(behind.size);
    expect(count).toBe(behind.size);
    expect(page).toContain(
      `${direct.size} packages of its own choice, ${direct.size + behind.size} with all`,
    );
    const never = text.split("\n").filter((line) => line.endsWith("| never         |"));
    const forLoader = never.flatMap((line) => [...line.matchAll(/`([^`]+)` \(/g)]).length;
    expect(page).toContain(`${forLoader} of them are there for \`@grpc/proto-loader\``);
  });

  it("run one script when they are installed, the one that docs/dependencies.md tells of", () => {
    const withScripts = [...direct, ...behind].filter(([name, version]) => {
      const scripts = Object.keys(installed(name, version).scripts ?? {});
      return scripts.some((script) => /^(pre|post)?install$/.test(script));
    });
    expect(withScripts.map(([name]) => name)).toEqual(["protobufjs"]);
  });

  it("are three for a provider without a schema that starts, answers and ends", async () => {
    const folder = await mkdtemp("/tmp/gdep-");
    onTestFinished(() => rm(folder, { recursive: true }));
    const program = fileURLToPath(new URL("./.fixtures/loaded-packages.mjs", import.meta.url));
    const sdk = join(root, "packages/sdk/dist/index.js");
    const { stdout } = await run(process.execPath, [program, sdk, join(folder, "p.sock")], {
      env: { PATH: process.env.PATH },
    });
    expect(JSON.parse(stdout)).toEqual(["@bufbuild/protobuf", "@grpc/grpc-js", "@js-sdsl/ordered-map"]);
    expect(page).toContain(
      "`@bufbuild/protobuf`, `@grpc/grpc-js`, `@js-sdsl/ordered-map`. A test starts one",
    );
  });
});
