import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepFresh } from "../../src/state-directory/freshness.js";
import { openInstanceDirectory } from "../../src/state-directory/index.js";
import { askLock, isOwnerDead, takeLock } from "../../src/state-directory/lock.js";
import { Worker } from "../store/worker.js";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gst-l-"));
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(directory, { recursive: true, force: true });
});

describe("a lock", () => {
  it("REC-2: says alive while it is held, dead once abandoned, missing once released", async () => {
    const path = join(directory, "lock");
    const lock = await takeLock(path, join(directory, "~lock"));
    expect(await readdir(directory)).toEqual(["lock"]);
    expect(await askLock(path)).toBe("alive");
    await lock.abandon();
    expect(await askLock(path)).toBe("dead");
    expect(await isOwnerDead(path)).toBe(true);
    await rm(path);
    const other = await takeLock(path, join(directory, "~lock"));
    await other.release();
    expect(await askLock(path)).toBe("missing");
    expect(await isOwnerDead(path)).toBe(false);
    expect(await readdir(directory)).toEqual([]);
  });

  it("REC-2: what is no socket, or can't be asked, proves nothing", async () => {
    await writeFile(join(directory, "file"), "");
    expect(await askLock(join(directory, "file", "x"))).toBe("unknown");
    expect(await askLock(join(directory, "file"))).toBe("unknown");
    expect(await isOwnerDead(join(directory, "file"))).toBe(false);
  });

  it("REC-2: a stopped owner that more ask than its queue holds is alive", async () => {
    const worker = new Worker("hold", join(directory, "state"));
    await worker.said("taken");
    worker.child.kill("SIGSTOP");
    const path = join(directory, "state", `sessions-${worker.instance}.owner`);
    const answers: string[] = [];
    for (let asked = 0; asked < 700; asked += 1) answers.push(await askLock(path));
    expect(new Set(answers)).toEqual(new Set(["alive"]));
    await worker.kill();
    expect(await askLock(path)).toBe("dead");
  });
});

describe("what belongs to a living instance", () => {
  const old = new Date("2020-01-01");
  const age = (paths: string[]): Promise<unknown> => Promise.all(paths.map((path) => utimes(path, old, old)));
  const years = async (paths: string[]): Promise<number[]> =>
    Promise.all(paths.map(async (path) => (await stat(path)).mtime.getFullYear()));

  it("REC-2: never looks forgotten to systems that clean by age, and no longer once closed", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const root = join(directory, "state");
    const instance = await openInstanceDirectory({ root });
    const paths = [root, `${instance.path}.lock`, instance.path];
    await age(paths);
    vi.advanceTimersByTime(3_600_000);
    const now = new Date().getFullYear();
    while ((await years(paths)).some((year) => year !== now)) await new Promise(setImmediate);
    await instance.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("REC-2: what is gone is passed over", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const file = join(directory, "file");
    await writeFile(file, "");
    await age([file]);
    const end = keepFresh(() => [join(directory, "gone"), file]);
    vi.advanceTimersByTime(3_600_000);
    while ((await years([file]))[0] === 2020) await new Promise(setImmediate);
    end();
  });
});
