import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { configPage, pageFile } from "../config-page.mjs";
import { stalePages } from "../conformance-pages.mjs";
import { root } from "../lib/root.mjs";
import { quietly, tool } from "../lib/commands.mjs";
import { generate, otherLanguages } from "../lib/other-languages.mjs";
import { say } from "../lib/steps.mjs";

const folder = "packages/sdk/src/gen";

/** The committed code is what the committed .proto files give. @type {import("./run.mjs").Check} */
export const generatedCode = {
  name: "generated code",
  writes: true,
  async run() {
    await quietly(tool("buf"), ["generate"]);
    await assertUnchanged(folder);
    for (const language of otherLanguages) {
      const missing = await language.whyNot();
      if (missing !== undefined) {
        say(`${language.generated} is not checked: ${missing}`);
        continue;
      }
      await generate(language);
      await assertUnchanged(language.generated);
    }
  },
};

/** @param {string} path */
async function assertUnchanged(path) {
  const changed = await quietly("git", ["status", "--porcelain", "--untracked-files=all", "--", path]);
  if (changed !== "")
    throw new Error(`"buf generate" changed ${path}: commit what it wrote\n${changed.trimEnd()}`);
}

/** The page on the process runtime's configuration is what its schema gives. @type {import("./run.mjs").Check} */
export const generatedPage = {
  name: "configuration page",
  async run() {
    const written = await readFile(join(root, pageFile), "utf8").catch(() => "");
    if (written !== (await configPage()))
      throw new Error(
        `${pageFile} is not what the schema gives: run "node scripts/config-page.mjs", and commit it`,
      );
  },
};

/** The pages on requirements and checks are what the suite's data gives. @type {import("./run.mjs").Check} */
export const generatedConformancePages = {
  name: "conformance pages",
  async run() {
    const stale = await stalePages();
    if (stale.length > 0)
      throw new Error(
        `${stale.join(" and ")} differ from what the suite's data gives: run "node scripts/conformance-pages.mjs", and commit`,
      );
  },
};
