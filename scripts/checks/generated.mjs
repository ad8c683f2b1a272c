import { quietly, tool } from "../lib/commands.mjs";

const folder = "packages/sdk/src/gen";

/** The committed code is what the committed .proto files give. @type {import("./run.mjs").Check} */
export const generatedCode = {
  name: "generated code",
  async run() {
    await quietly(tool("buf"), ["generate"]);
    const changed = await quietly("git", ["status", "--porcelain", "--untracked-files=all", "--", folder]);
    if (changed !== "")
      throw new Error(`"buf generate" changed ${folder}: commit what it wrote\n${changed.trimEnd()}`);
  },
};
