import { describe, expect, it } from "vitest";
import { generatedPages } from "../../../src/conformance/docs/pages.js";
import { formatHtml } from "../../../src/conformance/reports/html/index.js";
import { script } from "../../../src/conformance/reports/html/script.js";
import { style } from "../../../src/conformance/reports/html/style.js";
import { checkDocs, requirementDocs } from "../../../src/conformance/reports/html/links.js";
import { allChecks } from "../../../src/conformance/checks/index.js";
import { requirements } from "../../../src/conformance/requirements/index.js";
import { anchorsOf } from "../../../../../test/markdown.js";
import { reportOf } from "../report-of.js";
import { result } from "../results.js";
import { escaped } from "./hostile.js";
import { blocked, failing, sampleReport } from "./sample.js";

describe("the page", () => {
  it("has no element that is not its own, whatever a provider writes", async () => {
    const page = formatHtml(await sampleReport());
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/style/g)).toHaveLength(1);
    expect(page).not.toContain("<img");
    expect(page).toContain(escaped);
    // What would end the two elements whose text is not escaped.
    for (const own of [script, style]) expect(own).not.toMatch(/<\/|<!--/);
  });

  it("names nothing that a browser would fetch", async () => {
    const page = formatHtml(await sampleReport());
    expect(page.match(/<(?:link|img|iframe|object|embed|source|video|audio|base)\b/g)).toBe(null);
    const tags = page.replaceAll(/="[^"]*"/g, "=").match(/<[a-z][^>]*>/g) ?? [];
    expect(tags.filter((tag) => /\s(?:src|srcset|action|data|style|on\w+)=/.test(tag))).toEqual([]);
    expect(style).not.toMatch(/url\(|@import/);
  });

  it("shows every check, and all that its author needs to mend one that failed", async () => {
    const report = await sampleReport();
    const page = formatHtml(report);
    for (const { id } of report.checks) expect(page).toContain(` id="check-${id.replaceAll("/", "-")}"`);
    for (const { id } of report.requirements) expect(page).toContain(` id="requirement-${id}"`);
    const card = page.slice(page.indexOf(`id="check-${failing.replaceAll("/", "-")}"`));
    for (const text of [
      "Usual cause",
      "A mistake.",
      "Mend it.",
      "passed 2 times, failed 1 time",
      "still there",
    ])
      expect(card).toContain(text);
    expect(card).toContain(`<code>gestalt-runtime conformance --check ${failing} -- &#39;/bin/`);
    expect(page).toMatch(
      new RegExp(`First mend</dt>\\s*<dd><a href="#check-${failing.replaceAll("/", "-")}"`),
    );
    expect(page).toContain(`aria-label="SESS-8 broken"`);
    expect(page).toMatch(new RegExp(`id="check-${blocked.replaceAll("/", "-")}"\\s+data-check="blocked"`));
  });

  it("cuts what is too long for a page, and says so", async () => {
    const page = formatHtml(await sampleReport());
    expect(page).toMatch(/… 3,0\d\d characters more: the JSON report has them/);
    expect(page.length).toBeLessThan(200_000);
  });

  it("says why nothing was checked", async () => {
    const page = formatHtml(await reportOf([], { look: { notices: [], startFailure: "exit code 7" } }));
    expect(page).toContain("Nothing was checked");
    expect(page).toContain("The provider did not start");
    expect(page).toContain("exit code 7");
    expect(page).toContain("No check ran.");
  });

  it("leads to headings that the docs have", () => {
    const pages = generatedPages();
    const anchors = (file: string): Set<string> => anchorsOf(pages[`docs/${file}`] ?? "");
    const lost = (links: readonly string[], file: string): string[] =>
      links.filter((link) => !anchors(file).has(link.slice(link.indexOf("#") + 1)));
    expect(
      lost(
        allChecks.map(({ id }) => checkDocs(id)),
        "checks.md",
      ),
    ).toEqual([]);
    expect(
      lost(
        requirements.map(({ id }) => requirementDocs(id)),
        "requirements.md",
      ),
    ).toEqual([]);
  });

  it("has no picture where nothing was called", async () => {
    const page = formatHtml(await reportOf([result(failing, "failed")]));
    expect(page).not.toContain('class="sequence"');
  });
});
