import { once } from "node:events";
import { isUtf8 } from "node:buffer";
import { expect, it } from "vitest";
import { fixtureLogLine } from "../../src/index.js";
import type { FixtureOperations } from "../../src/index.js";
import { startPlugin } from "./running-plugin.js";

type LogParams = FixtureOperations["log"]["params"];

async function logged(params: LogParams): Promise<{ answer: unknown; stdout: Buffer; stderr: Buffer }> {
  const plugin = await startPlugin();
  await plugin.ready();
  const answer = await plugin.call("log", params);
  const complete = once(plugin.child, "close");
  await plugin.call("exit");
  await complete;
  return { answer, ...plugin.output };
}

it("writes numbered lines of the size asked for on both streams", async () => {
  const { answer, stdout, stderr } = await logged({ count: 500, bytes: 1_000, stream: "both", first: 10 });
  expect(answer).toEqual({ stdout: 500, stderr: 500 });
  for (const [name, bytes] of [
    ["stdout", stdout],
    ["stderr", stderr],
  ] as const) {
    const lines = bytes.toString().split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.length).toBe(500);
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([1_000]));
    expect(lines[499]?.startsWith(`${name} 509 abc`)).toBe(true);
    expect(lines[0]).toBe(fixtureLogLine(name, 10, { bytes: 1_000 }).toString());
  }
});

it("writes one line of 3 MB", async () => {
  const { stdout } = await logged({ bytes: 3_000_000 });
  expect(stdout.length).toBe(3_000_001);
});

it("leaves the last line open, puts blank lines between, and writes what is no UTF-8", async () => {
  const { stdout, stderr } = await logged({
    count: 2,
    bytes: 20,
    stream: "stderr",
    blankLines: true,
    finalNewline: false,
    invalidUtf8: true,
  });
  expect(stdout.length).toBe(0);
  expect(isUtf8(stderr)).toBe(false);
  expect(stderr.toString("latin1")).toBe("stderr 1 abcdefghi\xff\xc3\n\nstderr 2 abcdefghi\xff\xc3");
});

it("fills lines with characters of several bytes, never cut", () => {
  const line = fixtureLogLine("stdout", 1, { bytes: 20, filler: "🐎" });
  expect(line.length).toBe(20);
  expect(line.toString()).toBe("stdout 1 🐎🐎...");
});
