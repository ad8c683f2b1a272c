import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { allChecks } from "../../src/conformance/checks/index.js";
import { readSuiteConfig } from "../../src/conformance/config/suite-config.js";
import { readBaseline, updateBaseline } from "../../src/conformance/select/baseline.js";
import { selectChecks } from "../../src/conformance/select/select.js";
import { shellWords } from "../../src/conformance/select/shell-words.js";
import { check } from "./subjects.js";
import { result } from "./results.js";

async function folder(): Promise<string> {
  const made = await mkdtemp("/tmp/gcs-");
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

const some = [
  check("process/start/serves", () => Promise.resolve(), { requirements: ["PROC-1", "PROC-3"] }),
  check("process/sigterm/exits", () => Promise.resolve(), { requirements: ["PROC-6"] }),
  check("session/stop-session/repeated", () => Promise.resolve(), { requirements: ["SESS-8"] }),
];
const selected = async (selection: Parameters<typeof selectChecks>[1]): Promise<string[]> =>
  (await selectChecks(some, selection)).map(({ id }) => id);

describe("a selection", () => {
  it("takes globs, areas, requirements and lists, and narrows by each kind", async () => {
    const list = join(await folder(), "list.txt");
    await writeFile(list, "# mine\nprocess/start/serves\nsession/** # all of it\n\n");
    expect(await selected({})).toHaveLength(3);
    expect(await selected({ checks: ["process/*/exits"] })).toEqual(["process/sigterm/exits"]);
    expect(await selected({ checks: ["**/serves", "**/repeated"] })).toHaveLength(2);
    expect(await selected({ checks: [`@${list}`] })).toEqual([
      "process/start/serves",
      "session/stop-session/repeated",
    ]);
    expect(await selected({ areas: ["session"] })).toEqual(["session/stop-session/repeated"]);
    expect(await selected({ requirements: ["PROC-3"], areas: ["process"] })).toEqual([
      "process/start/serves",
    ]);
  });

  it.each([
    [{ checks: ["proces/**"] }, "--check proces/**: no check has such an id; --list shows them all"],
    [
      { checks: ["process/**", "nothing"] },
      "--check nothing: no check has such an id; --list shows them all",
    ],
    [{ checks: ["@/nonexistent"] }, "--check @/nonexistent: the file can't be read: ENOENT"],
    [{ areas: ["sesion"] }, "--area sesion: there is no such area; there are process, lifecycle"],
    [{ requirements: ["SESS-99"] }, "--requirement SESS-99: the contract has no such requirement"],
    [
      { areas: ["session"], requirements: ["PROC-6"] },
      "no check is left: the filters narrow each other down",
    ],
  ])("refuses %j", async (selection, text) => {
    await expect(selectChecks(some, selection)).rejects.toThrow(text);
  });

  it("refuses a list that names nothing", async () => {
    const list = join(await folder(), "list.txt");
    await writeFile(list, "# nothing\n");
    await expect(selectChecks(some, { checks: [`@${list}`] })).rejects.toThrow("the file names no check");
  });
});

describe("a baseline", () => {
  const known = new Set(allChecks.map(({ id }) => id));

  it("is written from what is red, keeps what did not run, and is read again", async () => {
    const path = join(await folder(), "baseline.txt");
    const results = [
      result("process/start/serves", "passed"),
      result("lifecycle/handshake/completes", "failed"),
      result("session/start-session/gets-ready", "blocked"),
      result("support/get-support/answers", "warned"),
    ];
    await updateBaseline(path, new Set(["process/start/serves", "plugin/start-plugin/serves"]), results);
    expect(await readFile(path, "utf8")).toBe(
      "# Checks that are known not to pass (gestalt-runtime conformance --baseline). Each has to fail:\n" +
        "# one that passes has to go from here.\n" +
        "lifecycle/handshake/completes\nplugin/start-plugin/serves\nsession/start-session/gets-ready\n",
    );
    expect((await readBaseline(path, known)).size).toBe(3);
  });

  it("that names a check that is no more is refused, as is one that is not there", async () => {
    const path = join(await folder(), "baseline.txt");
    await expect(readBaseline(path, known)).rejects.toThrow("can't be read: ENOENT");
    await writeFile(path, "process/start/sings\n");
    await expect(readBaseline(path, known)).rejects.toThrow(
      "names checks that do not exist: process/start/sings",
    );
  });
});

describe("the suite's config", () => {
  it("has paths relative to itself", async () => {
    const at = await folder();
    const path = join(at, "conformance.yaml");
    await writeFile(
      path,
      "provider: {command: ./dist/p.mjs, config: {region: here}}\nbaseline: known.txt\ndeclares: {outlives: true}\n",
    );
    expect(await readSuiteConfig(path)).toEqual({
      provider: { command: join(at, "dist/p.mjs"), config: { region: "here" } },
      baseline: join(at, "known.txt"),
      declares: { outlives: true },
    });
  });

  it.each([
    [
      "provider: {comand: x}\ntimeouts: {callMs: soon}\n",
      /breaks the suite's schema in 2 places: .*comand.*callMs/s,
    ],
    ["- a list\n", /holds no mapping/],
    ["a: [\n", /is no YAML/],
  ])("is refused with every offending place: %j", async (text, message) => {
    const path = join(await folder(), "conformance.yaml");
    await writeFile(path, text);
    await expect(readSuiteConfig(path)).rejects.toThrow(message);
  });
});

it("a command is printed as a shell takes it back", () => {
  expect(shellWords(["a", "b c", "it's", "", "--x=1/2"])).toBe(`a 'b c' 'it'\\''s' '' --x=1/2`);
});
