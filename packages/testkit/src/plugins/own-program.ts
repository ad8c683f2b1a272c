import { fileURLToPath } from "node:url";

/**
 * Arguments of `process.execPath` that run this same program with others: in an executable that is the program itself,
 * and elsewhere it starts its file.
 */
export function ownProgramArgs(...args: readonly string[]): string[] {
  // Asked for at run time: the packages' bundler takes "node:" off, and this module has no other name.
  const { isSea } = process.getBuiltinModule("node:sea");
  // Bundled, this file is the program.
  return [...(isSea() ? [] : [fileURLToPath(import.meta.url)]), ...args];
}
