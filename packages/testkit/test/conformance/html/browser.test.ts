import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import axe, { type AxeResults } from "axe-core";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { formatHtml } from "../../../src/conformance/reports/html/index.js";
import { blocked, failing, passing, sampleReport } from "./sample.js";

const program = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "chromium"))
  .find((path) => existsSync(path));
const why = program === undefined ? " (skipped: chromium is not on this machine)" : "";
const anchor = (id: string): string => `#check-${id.replaceAll("/", "-")}`;

interface Opened {
  readonly page: Page;
  /** What the page asked for, and what it complained of. */
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

describe.skipIf(program === undefined)(`the HTML report in a browser${why}`, { timeout: 120_000 }, () => {
  let browser: Browser;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp("/tmp/gch-");
    const path = join(folder, "report.html");
    await writeFile(path, formatHtml(await sampleReport()));
    url = pathToFileURL(path).href;
    // Chromium's own sandbox does not work for root.
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    browser = await chromium.launch({
      executablePath: program ?? "",
      args,
      env: { HOME: folder, TMPDIR: folder },
    });
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  async function open(options: BrowserContextOptions = {}, hash = ""): Promise<Opened> {
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(url + hash);
    return { page, requests, complaints };
  }

  // Texts, because the tests' own types know of no document.
  const shown = (page: Page): Promise<string[]> =>
    page.evaluate<string[]>(
      `[...document.querySelectorAll("[data-check]")].filter((one) => one.checkVisibility()).map(({ id }) => "#" + id)`,
    );
  const focused = (page: Page): Promise<string> => page.evaluate<string>(`"#" + document.activeElement.id`);

  it("fetches nothing, complains of nothing, and runs nothing that a provider wrote", async () => {
    const { page, requests, complaints } = await open();
    expect(await page.title()).toMatch(/^Not conformant: <\/style>/);
    await page.getByRole("button", { name: "Open all details" }).click();
    for (const summary of await page.locator(".call summary").all()) await summary.click();
    expect(await page.evaluate<boolean>(`"hacked" in globalThis`)).toBe(false);
    expect({ requests, complaints }).toEqual({ requests: [url], complaints: [] });
    expect(await page.locator("img, body script ~ script").count()).toBe(0);
  });

  it.each([
    ["light", 1_280],
    ["dark", 360],
  ] as const)("has nothing that axe finds fault with, %s, %i wide", async (colorScheme, width) => {
    const { page } = await open({ colorScheme, viewport: { width, height: 900 } });
    await page.getByRole("button", { name: "Open all details" }).click();
    await page.evaluate(`document.querySelectorAll("details").forEach((one) => (one.open = true))`);
    await page.evaluate(axe.source);
    const { violations, passes } = await page.evaluate<AxeResults>("axe.run()");
    expect(
      violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`)),
    ).toEqual([]);
    expect(passes.map(({ id }) => id)).toContain("color-contrast");
    // Nothing sticks out to the side.
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
  });

  it("follows the reader's colours", async () => {
    const ground = async (colorScheme: "light" | "dark"): Promise<string> => {
      const { page } = await open({ colorScheme });
      return page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    };
    expect(await ground("light")).toBe("rgb(250, 249, 246)");
    expect(await ground("dark")).toBe("rgb(20, 23, 26)");
  });

  it("filters by verdict and by words", async () => {
    const { page } = await open();
    const all = await shown(page);
    await page.getByRole("checkbox", { name: /passed/ }).uncheck();
    await page.getByRole("checkbox", { name: /skipped/ }).uncheck();
    const some = await shown(page);
    expect(some).toHaveLength(all.length - 3);
    expect(some).not.toContain(anchor(passing));
    expect(await page.getByRole("heading", { name: /Passed/ }).isVisible()).toBe(false);
    await page.getByRole("searchbox").fill("sess-9 ENDS-session");
    expect(await shown(page)).toEqual([anchor(failing)]);
    expect(await page.getByRole("status").textContent()).toBe(`1 of ${all.length} checks shown.`);
    // A link to one that is filtered out brings it back.
    await page.getByRole("searchbox").fill("");
    await page.locator("#requirement-SESS-8 details summary").click();
    await page.evaluate(`location.hash = "${anchor(passing)}"`);
    await expect.poll(() => shown(page)).toContain(anchor(passing));
    expect(await focused(page)).toBe(anchor(passing));
  });

  it("is walked through by keyboard alone, and shows where one is", async () => {
    const { page } = await open();
    await page.keyboard.press("Tab");
    expect(await page.evaluate<string>("document.activeElement.textContent")).toBe("Skip to the checks");
    await page.keyboard.press("Enter");
    await expect.poll(() => focused(page)).toBe("#checks");
    await page.keyboard.press("j");
    expect(await focused(page)).toBe(anchor(failing));
    expect(await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle")).toBe(
      "solid",
    );
    await page.keyboard.press("j");
    expect(await focused(page)).toBe(anchor("session/stop-session/repeated"));
    await page.keyboard.press("k");
    expect(await focused(page)).toBe(anchor(failing));
    // On to a call of its picture, which opens to its request.
    const call = page.locator(`${anchor(failing)} .call`).first();
    await call.locator("summary").focus();
    await page.keyboard.press("Enter");
    expect(await call.getByRole("group", { name: "Request" }).textContent()).toContain('"name"');
    // Letters stay letters where they are typed.
    await page.getByRole("searchbox").focus();
    await page.keyboard.type("jk");
    expect(await page.getByRole("searchbox").inputValue()).toBe("jk");
  });

  it("draws each call from lane to lane, its answer back, and what went wrong in red", async () => {
    const { page } = await open();
    const card = page.locator(anchor(failing));
    expect(await card.locator(".lanes text").allTextContents()).toEqual([
      "host",
      "provider 1",
      "provider 2",
      "plugin example",
    ]);
    const said = await card.locator(".sequence .unseen").allTextContents();
    expect(said).toEqual([
      "host: starts it",
      "provider 1: serves gRPC",
      "host to provider 1: ConfigureProvider, OK · 2 ms",
      "host to provider 1: StartSession, OK · 40 ms",
      "host to provider 1: GetSession, OK · 2 ms, 3 times in a row",
      "host to plugin example: Execute, OK · 30 ms",
      "plugin example: Cache/Set OK",
      expect.stringMatching(/^provider 1: <\/style>/) as string,
      "host to provider 1: StopSession, INTERNAL · 800 ms",
      "host to provider 2: GetSession, OK · 5 ms",
      "host to provider 1: StopSession, no answer",
      "host: SIGTERM",
      "provider 1: ended by SIGKILL",
    ]);
    const [good, bad] = await Promise.all(
      [".answers:not(.bad) text", ".answers.bad text"].map((which) =>
        page.evaluate<string>(`getComputedStyle(document.querySelector("${anchor(failing)} ${which}")).fill`),
      ),
    );
    expect(bad).toBe("rgb(172, 32, 24)");
    expect(good).not.toBe(bad);
    const arrow = await card.locator(".arrow.asks > line").first().boundingBox();
    const wide = await card.locator(".sequence ol").boundingBox();
    expect((arrow?.width ?? 0) / (wide?.width ?? 1)).toBeGreaterThan(0.15);
  });

  it("copies the command that repeats a failure", async () => {
    const { page } = await open({ permissions: ["clipboard-read", "clipboard-write"] });
    await page.locator(anchor(failing)).getByRole("button", { name: "Copy" }).click();
    await expect
      .poll(() => page.locator(`${anchor(failing)} .command button`).textContent())
      .toMatch(/^(Copied|Selected)$/);
  });

  it("is whole without JavaScript", async () => {
    const { page, complaints } = await open({ javaScriptEnabled: false }, anchor(blocked));
    const { checks, requirements } = await sampleReport();
    expect(await page.locator("[data-check]").count()).toBe(checks.length);
    expect(await page.getByRole("search").isVisible()).toBe(false);
    for (const id of [failing, blocked, passing])
      expect(await page.locator(anchor(id)).isVisible()).toBe(true);
    await page.locator(`#requirement-${requirements[0]?.id ?? ""} summary`).click();
    expect(await page.locator(`#requirement-${requirements[0]?.id ?? ""} .behind`).isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });

  it("breaks where its policy would not hold: a script of somebody else's does not run", async () => {
    const { page, complaints } = await open();
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement("script"), { textContent: "globalThis.hacked = 3" }))`,
    );
    expect(await page.evaluate<boolean>(`"hacked" in globalThis`)).toBe(false);
    expect(complaints.join("\n")).toContain("Content Security Policy");
  });
});
