import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";

/** Where Node.js's own modules live in a bundle; the audit finds them by it. */
export const builtinNamespace = "builtin";

/**
 * Makes Node.js's own modules come from the process, not from an import: an executable on Node.js 20 has no module
 * system but a bare `require`, and so one program fits every kind of artifact.
 */
export const builtins: Plugin = {
  name: "builtins",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path }) => {
      if (!path.startsWith("node:") && !isBuiltin(path)) return undefined;
      return { path: path.replace(/^node:/, ""), namespace: builtinNamespace };
    });
    build.onLoad({ filter: /./, namespace: builtinNamespace }, ({ path }) => ({
      loader: "js",
      contents: [
        `module.exports = process.getBuiltinModule("node:${path}");`,
        `if (module.exports === undefined) throw new Error("node:${path} is not in Node.js " + process.version);`,
      ].join("\n"),
    }));
  },
};
