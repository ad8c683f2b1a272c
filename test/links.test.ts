import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { anchorsOf, linksOf } from "./markdown.js";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Pages that are read outside of the repository name its files in this way. */
const ownSite = /^https:\/\/github\.com\/gestalt-runtime\/gestalt-runtime-ts\/(?:blob|tree)\/main\/(.*)$/;

/** What can be asked of the files that links lead to. */
interface Files {
  /** Of a path from the repository's folder: undefined where nothing is, or nothing that a clone has. */
  kindOf(path: string): "file" | "folder" | undefined;
  read(path: string): string;
}

/** What is wrong with the links of a page. */
function faultsOf(page: string, files: Files): string[] {
  return linksOf(files.read(page)).flatMap(({ line, target }) => {
    const fault = faultOf(page, target, files);
    return fault === undefined ? [] : [`${page}:${line} ${target} ${fault}`];
  });
}

function faultOf(page: string, target: string, files: Files): string | undefined {
  const own = ownSite.exec(target)?.[1];
  if (own === undefined && /^[a-z][a-z0-9+.-]*:/i.test(target))
    return target.startsWith("https://") || target.startsWith("mailto:") ? undefined : "is not https";
  const [to = "", anchor] = (own ?? target).split("#");
  const path = own === undefined ? (to === "" ? page : join(dirname(page), to)) : normalize(to);
  if (path.startsWith("..") || path.startsWith("/")) return "leads out of the repository";
  const kind = files.kindOf(decodeURIComponent(path));
  if (kind === undefined) return "leads to nothing";
  if (anchor === undefined) return undefined;
  if (kind !== "file" || !path.endsWith(".md")) return "has an anchor of something that has none";
  if (!anchorsOf(files.read(path)).has(anchor))
    return `has an anchor that ${relative(".", path)} has no heading for`;
  return undefined;
}

function tracked(...args: string[]): string[] {
  const out = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", ...args],
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 64 << 20,
    },
  );
  return out.split("\0").filter((file) => file !== "" && existsSync(join(root, file)));
}

describe("links", () => {
  const all = tracked();
  const folders = new Set(all.flatMap((file) => parentsOf(file)));
  const files: Files = {
    kindOf: (path) => {
      const plain = path.replace(/\/$/, "");
      if (all.includes(plain) && statSync(join(root, plain)).isFile()) return "file";
      return plain === "." || folders.has(plain) ? "folder" : undefined;
    },
    read: (path) => readFileSync(join(root, path), "utf8"),
  };
  const pages = all.filter((file) => file.endsWith(".md") && !file.endsWith("CHANGELOG.md"));

  it("of all pages lead somewhere", () => {
    expect(pages).toContain("README.md");
    expect(pages.flatMap((page) => faultsOf(page, files))).toEqual([]);
  });

  it("of README.md lead to every page of the docs", () => {
    const targets = new Set(linksOf(files.read("README.md")).map(({ target }) => target));
    const guides = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
    expect(guides.filter((name) => !targets.has(`docs/${name}`))).toEqual([]);
  });

  it("of a package's page work where the package is read alone", () => {
    for (const page of pages.filter((name) => /^packages\/[^/]+\/README\.md$/.test(name)))
      for (const { target } of linksOf(files.read(page))) expect(target, page).toMatch(/^(https:\/\/|#)/);
  });
});

function parentsOf(file: string): string[] {
  const parent = dirname(file);
  return parent === "." ? [] : [parent, ...parentsOf(parent)];
}

describe("the check of links", () => {
  const texts: Record<string, string> = {
    "docs/a.md":
      "# One\n\n## Two words, and `code`!\n\n## Two words, and `code`!\n\n### [A link](b.md) here\n",
  };
  const files: Files = {
    kindOf: (path) => (path in texts ? "file" : path === "docs" ? "folder" : undefined),
    read: (path) => texts[path] ?? "",
  };
  const faults = (text: string): string[] => {
    texts["docs/page.md"] = text;
    return faultsOf("docs/page.md", files).map((fault) => fault.replace(/^docs\/page\.md:/, ""));
  };

  it("takes what is right", () => {
    const right = [
      "[a](a.md) [b](./a.md#one) [c](#here) ![d](../docs) [e](https://example.org/x#y)",
      "[f](a.md#two-words-and-code) [g](a.md#two-words-and-code-1) [h](a.md#a-link-here) [i](<a.md> 'title')",
      "[j](https://github.com/gestalt-runtime/gestalt-runtime-ts/blob/main/docs/a.md#one) [k]",
      "",
      "[k]: a.md",
      "",
      "`[no](link.md)` and",
      "",
      "```md",
      "[no](link.md)",
      "## nor heading",
      "```",
      "## Here",
    ];
    expect(faults(right.join("\n"))).toEqual([]);
  });

  it.each([
    ["[x](gone.md)", "1 gone.md leads to nothing"],
    ["\n![x](gone.png)", "2 gone.png leads to nothing"],
    ["[x]\n\n[x]: gone.md", "3 gone.md leads to nothing"],
    ["[x](a.md#three)", "1 a.md#three has an anchor that docs/a.md has no heading for"],
    ["[x](a.md#Two-words)", "1 a.md#Two-words has an anchor that docs/a.md has no heading for"],
    ["[x](#nowhere)", "1 #nowhere has an anchor that docs/page.md has no heading for"],
    ["[x](../docs#one)", "1 ../docs#one has an anchor of something that has none"],
    ["[x](../../etc)", "1 ../../etc leads out of the repository"],
    ["[x](http://example.org)", "1 http://example.org is not https"],
    [
      "[x](https://github.com/gestalt-runtime/gestalt-runtime-ts/blob/main/docs/gone.md)",
      "1 https://github.com/gestalt-runtime/gestalt-runtime-ts/blob/main/docs/gone.md leads to nothing",
    ],
    ["[`code`](gone.md) and [fine](a.md)", "1 gone.md leads to nothing"],
  ])("finds what is wrong with %j", (text, fault) => {
    expect(faults(text)).toEqual([fault]);
  });
});
