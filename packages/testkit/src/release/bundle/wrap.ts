/** How the program is laid out in its file. */
export type Layout =
  /** An ES module: a script whose name ends in `.mjs`. */
  | "module"
  /** CommonJS: a script whose name ends in `.cjs`. */
  | "commonjs"
  /** CommonJS without a line for the shell: what goes into an executable. */
  | "embedded";

/** What `import.meta.url`, `__dirname` and `__filename` become: the program's file, whichever module asks. */
export const programNames = {
  "import.meta.url": "__program_url",
  "import.meta.dirname": "__program_dirname",
  "import.meta.filename": "__program_filename",
  __dirname: "__program_dirname",
  __filename: "__program_filename",
} as const;

const shebang = "#!/usr/bin/env node\n";

/**
 * The texts around a bundle. A bundle is a module's body, with `await` at the top; CommonJS has no such thing, so
 * there it is the body of an async function that fails and gets stuck as a module does: with the error, and with 13.
 */
export function wrapping(layout: Layout): { readonly banner: string; readonly footer: string } {
  if (layout === "module")
    return {
      banner: `${shebang}const __program_url = import.meta.url, __program_filename = import.meta.filename, __program_dirname = import.meta.dirname;`,
      footer: "",
    };
  return {
    // What is CommonJS's own is named outside: inside, the program may have names like those.
    banner: `${layout === "commonjs" ? shebang : ""}(async (__program_filename, __program_dirname, __program_url) => {
"use strict";`,
    footer: `})(__filename, __dirname, process.getBuiltinModule("node:url").pathToFileURL(__filename).href).then(
  () => { process.removeListener("beforeExit", __program_stuck); },
  (error) => {
    process.removeListener("beforeExit", __program_stuck);
    queueMicrotask(() => { throw error; });
  },
);
function __program_stuck() {
  console.error("Warning: the program ended before its top-level await was settled");
  process.exitCode = 13;
}
process.once("beforeExit", __program_stuck);`,
  };
}
