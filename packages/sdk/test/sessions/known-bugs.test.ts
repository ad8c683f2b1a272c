import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

/**
 * The bugs of runtimes that were written without the session runtime. Each has a test of its own, named `T<number>`:
 *
 *  1 ids that restart with the provider             15 characters cut at a read's end
 *  2 one failed look ends a session                 16 a frozen log host that slows the plugin's start
 *  3 a state that the host does not know            17 tunnels without half-close, or dead ones that accept
 *  4 two starts at once                             18 a backend that ignores its signal
 *  5 a stuck guest that eats the host's time        19 secrets in errors, logs and command lines
 *  6 stopping what is gone already fails            20 a stop during a start that leaves things behind
 *  7 stopping what never was fails                  21 a list of known environment names
 *  8 removals one by one at the end                 22 relays that are none
 *  9 an abandoned creation that leaves a guest      23 listeners that SDKs can't open
 * 10 a removal that holds up every look             24 documented configurations that are refused
 * 11 a cloud's call for each look                   25 registry credentials by map order
 * 12 one end, two states                            26 a restart that forgets
 * 13 an early end that is told late                 27 the operator's metadata overwritten
 * 14 last lines that get lost                       28 an image that can't be pulled, waited for
 */
const count = 28;

async function testFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !/^(\.|node_modules$|dist$)/.test(entry.name))
      found.push(...(await testFiles(path)));
    else if (entry.name.endsWith(".test.ts")) found.push(path);
  }
  return found;
}

/** The numbers at the beginning of the names of tests: `it("T5, SESS-8: ...")`, also where there are several. */
export function bugsNamedIn(source: string): number[] {
  const names = source.matchAll(/"((?:T\d+, )*T\d+)(?:, |: )/g);
  return [...names].flatMap(([, list = ""]) => [...list.matchAll(/\d+/g)].map(([number]) => Number(number)));
}

it("every known bug has a test that is named after it", async () => {
  const files = [...(await testFiles(join(root, "packages"))), ...(await testFiles(join(root, "examples")))];
  const sources = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const named = new Set(sources.flatMap(bugsNamedIn));
  const all = Array.from({ length: count }, (_, index) => index + 1);
  expect(all.filter((number) => !named.has(number))).toEqual([]);
  expect([...named].filter((number) => number < 1 || number > count)).toEqual([]);
});

it("a name counts where it begins with the bug's number, and nowhere else", () => {
  expect(bugsNamedIn('it("T5, SESS-8: x", f); it.each([1])("T17, T18: %i", f)')).toEqual([5, 17, 18]);
  expect(bugsNamedIn('it("see T5: x", f); // "T6" it("PUT5: y", f)')).toEqual([]);
});
