import type { Plugin } from "esbuild";

/** Where what is left out of a bundle would be. */
export const leftOutNamespace = "left-out";

/**
 * Leaves out what grpc-js loads for channelz and ORCA alone: a parser of `.proto` files, 370 kB that Node.js would
 * read at each start (it is 5 to 6 % of one). A program that imports the parser itself has it.
 */
export const unusedParser: Plugin = {
  name: "unused-parser",
  setup(build) {
    build.onResolve({ filter: /^@grpc\/proto-loader$/ }, ({ path, importer }) =>
      /[\\/]@grpc[\\/]grpc-js[\\/]/.test(importer) ? { path, namespace: leftOutNamespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace: leftOutNamespace }, ({ path }) => {
      const text = `${path} is not in this program: grpc-js needs it for channelz and ORCA, which providers do without; import it in the program to have it`;
      return { loader: "js", contents: `throw new Error(${JSON.stringify(text)});` };
    });
  },
};
