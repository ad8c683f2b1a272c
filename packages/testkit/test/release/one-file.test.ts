import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { Programs } from "../../src/release/program.js";
import { makePackage, program, type Files } from "./package-fixture.js";

interface Case {
  readonly files: Files;
  readonly entry?: string;
  readonly layout?: "module" | "commonjs" | "embedded";
  readonly allow?: readonly string[];
}

async function make({ files, entry = "src/main.ts", layout = "embedded", allow = [] }: Case) {
  const folder = await makePackage(files);
  return new Programs({ folder, entry, allow: new Set(allow), sourcesContent: false }).make(layout);
}

/** What a program is refused with; "" for none. */
async function refusal(one: Case): Promise<string> {
  return make(one).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );
}

function dependency(name: string, code: string, extra: Files = {}): Files {
  const at = `node_modules/${name}`;
  return {
    [`${at}/package.json`]: { name, version: "1.2.3", main: "index.js" },
    [`${at}/index.js`]: code,
    ...Object.fromEntries(Object.entries(extra).map(([path, text]) => [`${at}/${path}`, text])),
  };
}

const notOneFile = "the program src/main.ts can't be put into one file:\n  ";
const notWorking = "the program src/main.ts can't work as one file:\n  ";
const orAllowOwn = ", or if that code never runs, pass --allow .";
const orAllow = (name: string): string => `; take another, or if that code never runs, pass --allow ${name}`;
const readAsset = `name the file with new URL("./file", import.meta.url), and read it with readAsset of @gestalt-runtime/sdk`;
const beside = "looks for files beside itself (__dirname, __filename or the like), and none travel with it";

describe("what grpc-js loads for channelz alone", () => {
  const parser = dependency("@grpc/proto-loader", `exports.load = () => "the parser of .proto files";`);
  const grpc = dependency("@grpc/grpc-js", `exports.channelz = () => require("@grpc/proto-loader").load();`);
  const code = async (main: string): Promise<string> =>
    (await make({ files: { "src/main.ts": main, ...parser, ...grpc } })).code;

  it("is left out, and says so where it is asked for all the same", async () => {
    const text = await code(`import { channelz } from "@grpc/grpc-js";\nconsole.log(channelz());`);
    expect(text).not.toContain("the parser of .proto files");
    expect(text).toContain("@grpc/proto-loader is not in this program");
  });

  it("is there for a program that imports it itself", async () => {
    const text = await code(`import { load } from "@grpc/proto-loader";\nconsole.log(load());`);
    expect(text).toContain("the parser of .proto files");
  });
});

describe("a program in one file", () => {
  it.each<[string, Case, string]>([
    [
      "a dependency that is not installed",
      {
        files: {
          "src/main.ts": `import "./a.js";`,
          "src/a.ts": `import x from "left-pad";\nconsole.log(x);`,
        },
      },
      `${notOneFile}src/a.ts:1: Could not resolve "left-pad"; install left-pad, or stop importing it`,
    ],
    [
      "a module that is not there",
      { files: { "src/main.ts": `import "./b.js";` } },
      `${notOneFile}src/main.ts:1: Could not resolve "./b.js"; write the path of a file that is there`,
    ],
    [
      "broken syntax",
      { files: { "src/main.ts": "\nconst = 1;" } },
      `${notOneFile}src/main.ts:2: Expected identifier but found "="`,
    ],
    [
      "a kind of file that is no program",
      { files: { "src/main.ts": `import "./logo.png";`, "src/logo.png": "png" } },
      `${notOneFile}src/main.ts:1: No loader is configured for ".png" files: src/logo.png; ${readAsset}`,
    ],
    [
      "a native addon of a dependency",
      {
        files: {
          "src/main.ts": `import "fast-hash";`,
          ...dependency("fast-hash", `module.exports = require("./build/Release/hash.node");`, {
            "build/Release/hash.node": "ELF",
          }),
        },
      },
      `${notOneFile}fast-hash@1.2.3/index.js:1: dependency fast-hash 1.2.3 is, or loads, a native addon (it asks for ./build/Release/hash.node), which can't travel inside one file; take a dependency without one, or if that code never runs, pass --allow fast-hash`,
    ],
    [
      "a native addon that is looked for",
      {
        files: {
          "src/main.ts": `import "fast-hash";`,
          ...dependency("fast-hash", `module.exports = require("node-gyp-build")(__dirname);`),
          ...dependency("node-gyp-build", ""),
        },
      },
      `${notOneFile}fast-hash@1.2.3/index.js:1: dependency fast-hash 1.2.3 is, or loads, a native addon (it asks for node-gyp-build), which can't travel inside one file; take a dependency without one, or if that code never runs, pass --allow fast-hash`,
    ],
    [
      "a dependency that requires what it only knows when it runs",
      {
        files: {
          "src/main.ts": `import "plugins";`,
          ...dependency("plugins", `const name = process.env.NAME;\nexports.it = require(name);`),
        },
      },
      `${notWorking}dependency plugins 1.2.3 (index.js:2) loads a module whose name is known only when it runs${orAllow("plugins")}`,
    ],
    [
      "import() of a name that is only known when it runs",
      {
        files: {
          "src/main.ts": `const name = process.argv[2] ?? "";\nexport const it = await import(name);`,
        },
      },
      `${notWorking}src/main.ts:2 loads a module whose name is known only when it runs; import what it needs, with names written out, so that it is bundled${orAllowOwn}`,
    ],
    [
      "require.resolve",
      {
        files: {
          "src/main.ts": `import "plugins";`,
          ...dependency("plugins", `console.log(require.resolve("./index.js"));`),
        },
      },
      `${notWorking}dependency plugins 1.2.3 (index.js:1) asks where a module lies (require.resolve), and modules are no files any more${orAllow("plugins")}`,
    ],
    [
      "modules loaded through createRequire",
      {
        files: {
          "src/main.ts": `import { createRequire } from "node:module";\nconst load = createRequire(import.meta.url);\nconsole.log(load("fs"), load("./other.cjs"));`,
        },
      },
      `${notWorking}src/main.ts:3 loads ./other.cjs when it runs, and no files travel with it; import what it needs, with names written out, so that it is bundled${orAllowOwn}`,
    ],
    [
      "files beside a dependency, by __dirname",
      {
        files: {
          "src/main.ts": `import "words";`,
          ...dependency(
            "words",
            `const fs = require("fs");\nexports.words = () =>\n  fs.readFileSync(__dirname + "/words.txt", "utf8");`,
            { "words.txt": "a" },
          ),
        },
      },
      `${notWorking}dependency words 1.2.3 (index.js:3) ${beside}${orAllow("words")}`,
    ],
    [
      "files beside a module, by import.meta.dirname",
      {
        files: {
          "src/main.ts": `import { readFileSync } from "node:fs";\nconsole.log(readFileSync(import.meta.dirname + "/a.txt"));`,
        },
      },
      `${notWorking}src/main.ts:2 ${beside}; ${readAsset}${orAllowOwn}`,
    ],
    [
      "files beside a module, by import.meta.url",
      {
        files: {
          "src/main.ts": `import { fileURLToPath } from "node:url";\nconst here = fileURLToPath(import.meta.url);\nconsole.log(here);`,
        },
      },
      `${notWorking}src/main.ts:2 looks for files beside itself (import.meta.url), and none travel with it; ${readAsset}${orAllowOwn}`,
    ],
    [
      "an asset that is not there",
      { files: { "src/main.ts": `console.log(new URL("./no.json", import.meta.url));` } },
      `${notWorking}src/main.ts:1 names ./no.json beside itself, which is no file of its package; write the path of a file of its own package${orAllowOwn}`,
    ],
    [
      "an asset outside the package",
      { files: { "src/main.ts": `console.log(new URL("../../../../etc/passwd", import.meta.url));` } },
      `${notWorking}src/main.ts:1 names ../../../../etc/passwd beside itself, which is no file of its package; write the path of a file of its own package${orAllowOwn}`,
    ],
    [
      "an asset read as a file",
      {
        files: {
          "a.json": "{}",
          "src/main.ts": `import { readFile } from "node:fs/promises";\nconsole.log(await readFile(new URL("../a.json", import.meta.url)));`,
        },
      },
      `${notWorking}src/main.ts:2 reads ../a.json, which is inside the program and no file; read it with readAsset of @gestalt-runtime/sdk${orAllowOwn}`,
    ],
    [
      "an asset read as a file under a name",
      {
        files: {
          "a.json": "{}",
          "src/main.ts": `import * as fs from "fs";\nconst url = new URL("../a.json", import.meta.url);\nexport const read = () => fs.readFileSync(url);\nread();`,
        },
      },
      `${notWorking}src/main.ts:3 reads ../a.json, which is inside the program and no file; read it with readAsset of @gestalt-runtime/sdk${orAllowOwn}`,
    ],
    [
      "an asset's path",
      {
        files: {
          "a.json": "{}",
          "src/main.ts": `import { fileURLToPath } from "node:url";\nconsole.log(fileURLToPath(new URL("../a.json", import.meta.url)));`,
        },
      },
      `${notWorking}src/main.ts:2 reads ../a.json, which is inside the program and no file; read it with readAsset of @gestalt-runtime/sdk${orAllowOwn}`,
    ],
    [
      "a schema beside the program's file",
      {
        files: {
          "src/main.ts": `import { jsonSchemaFile } from "@gestalt-runtime/sdk";\nconsole.log(jsonSchemaFile("../config.schema.json"));`,
        },
      },
      `${notWorking}src/main.ts:2 reads the schema ../config.schema.json beside the program's file, where the host's sandbox may hide it (PROC-10); write jsonSchemaFile(new URL("<path from this module>", import.meta.url)), which puts it into the program${orAllowOwn}`,
    ],
    [
      "a thread from a file",
      {
        files: {
          "src/worker.ts": "console.log(1);",
          "src/main.ts": `import { Worker } from "node:worker_threads";\nnew Worker(new URL("./worker.ts", import.meta.url));`,
        },
      },
      `${notWorking}src/main.ts:2 starts a thread from a file, and no files travel with it; start the thread from its text, with { eval: true }, or do the work in this one${orAllowOwn}`,
    ],
    [
      "a thread from a file in a dependency",
      {
        files: {
          "src/main.ts": `import "pool";`,
          ...dependency(
            "pool",
            `const { Worker: Thread } = require("worker_threads");\nmodule.exports = (file) => new Thread(file);`,
          ),
        },
      },
      `${notWorking}dependency pool 1.2.3 (index.js:2) starts a thread from a file, and no files travel with it${orAllow("pool")}`,
    ],
    [
      "a thread from a file, through import()",
      {
        files: {
          "src/main.ts": `const { Worker } = await import("node:worker_threads");\nnew Worker("./worker.js");`,
        },
      },
      `${notWorking}src/main.ts:2 starts a thread from a file, and no files travel with it; start the thread from its text, with { eval: true }, or do the work in this one${orAllowOwn}`,
    ],
    [
      "a module as a process",
      { files: { "src/main.ts": `import { fork } from "child_process";\nfork("./child.js");` } },
      `${notWorking}src/main.ts:2 starts a module as a process (fork), and modules are no files any more; start a program of its own, or do the work in this process${orAllowOwn}`,
    ],
    [
      "process.execPath in an executable",
      {
        files: {
          "src/main.ts": `import * as children from "node:child_process";\nchildren.spawn(process.execPath, ["-e", "0"]);`,
        },
      },
      `${notWorking}src/main.ts:2 starts process.execPath, which in an executable is the program itself, not Node.js; start a program of its own, or package a script${orAllowOwn}`,
    ],
    [
      "several things at once",
      {
        files: {
          "src/main.ts": `import "./a.js";\nconsole.log(__filename);`,
          "src/a.ts": `export const load = (name: string): unknown => import(name);\nconsole.log(load);`,
        },
      },
      `${notWorking}src/a.ts:1 loads a module whose name is known only when it runs; import what it needs, with names written out, so that it is bundled${orAllowOwn}\n  src/main.ts:2 ${beside}; ${readAsset}${orAllowOwn}`,
    ],
  ])("refuses %s", async (_, one, text) => {
    expect(await refusal(one)).toBe(text);
  });

  it.each<[string, Case]>([
    ["a provider with the SDK", { files: { "src/main.ts": program } }],
    [
      "the same things where they are allowed",
      {
        allow: ["words", "."],
        files: {
          "src/main.ts": `import "words";\nconsole.log(__dirname);`,
          ...dependency("words", `exports.here = __dirname;`),
        },
      },
    ],
    [
      "a native addon that never loads",
      {
        allow: ["fast-hash"],
        files: {
          "src/main.ts": `import "fast-hash";`,
          ...dependency("fast-hash", `try { require("./hash.node"); } catch {}`),
        },
      },
    ],
    [
      "process.execPath in a script, where it is Node.js",
      {
        layout: "module",
        files: {
          "src/main.ts": `import { spawn } from "node:child_process";\nspawn(process.execPath, ["-e", "0"]);`,
        },
      },
    ],
    [
      "a thread from text, and a class of one's own that is called Worker",
      {
        files: {
          "src/main.ts": `import { Worker as Thread } from "node:worker_threads";\nclass Worker { constructor(readonly file: string) {} }\nnew Thread("0", { eval: true });\nconsole.log(new Worker("x"));`,
        },
      },
    ],
    [
      "a look whether this module was started itself",
      {
        files: {
          "src/main.ts": `import { fileURLToPath, pathToFileURL } from "node:url";\nif (process.argv[1] === fileURLToPath(import.meta.url)) console.log(1);\nif (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) console.log(2);`,
        },
      },
    ],
    [
      "a bundle of another bundler, with the usual lines at its head",
      {
        entry: "dist/tiny.mjs",
        files: {
          "dist/tiny.mjs": `#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);\nimport { fileURLToPath as __toPath } from "url";\nconst __filename = __toPath(import.meta.url);\nconsole.log(require("node:os").EOL);`,
        },
      },
    ],
    [
      "an entry whose package says that importing it does nothing",
      {
        files: {
          "package.json": { name: "tiny", version: "0.0.0", sideEffects: false, type: "module" },
          "src/main.ts": `console.log("GESTALT_PLUGIN_SOCKET"); export const nothing = 0;`,
        },
      },
    ],
  ])("takes %s", async (_, one) => {
    expect(await refusal(one)).toBe("");
  });

  it("holds the code of an entry that exports something, or whose package has no side effects", async () => {
    const files = {
      "package.json": { name: "tiny", version: "0.0.0", sideEffects: false },
      "src/main.ts": `console.log("GESTALT_PLUGIN_SOCKET"); export const nothing = 0;`,
    };
    const { code } = await make({ files });
    expect(code).toContain("GESTALT_PLUGIN_SOCKET");
    expect(code).not.toMatch(/^export/m);
  });

  it("names what a program does without", async () => {
    const files = {
      "src/main.ts": `import "sockets";\nawait import("telemetry").catch(() => undefined);`,
      ...dependency("sockets", `try { require("bufferutil"); } catch {}`),
    };
    expect((await make({ files })).missing).toEqual(["bufferutil", "telemetry"]);
  });

  it("keeps names, so that stack traces can be read", async () => {
    const files = {
      "src/main.ts": `class Engine { start(): never { throw new Error("GESTALT_PLUGIN_SOCKET"); } }\nfunction startEngine() { new Engine().start(); }\nstartEngine();`,
    };
    const { code } = await make({ files });
    expect(code).toContain("function startEngine()");
    expect(code).toMatch(/\bEngine\b/);
  });

  it("finds the SDK as an installed package does", () => {
    expect(createRequire(import.meta.url).resolve("@gestalt-runtime/sdk/package.json")).toContain(
      "packages/sdk",
    );
  });
});
