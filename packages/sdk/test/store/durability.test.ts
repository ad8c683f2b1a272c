import type { FileHandle } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OpenSessionStore } from "../../src/sessions/session-store.js";
import { fileSessionStore } from "../../src/store/index.js";
import { sampleRecord } from "./records.js";

/** What reached the disk, in order. */
const acts: string[] = [];
/** Makes the next acts of that name fail. */
let failing: string | undefined;

const did = (act: string): void => {
  if (act === failing) throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
  acts.push(act);
};

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...real,
    open: async (...args: Parameters<typeof real.open>): Promise<FileHandle> => {
      const file = await real.open(...args);
      const sync = file.sync.bind(file);
      const name = basename(args[0].toString()).replace(/^sessions-.*/, "folder");
      file.sync = async () => {
        acts.push(`begin to sync ${name}`);
        await sync();
        did(`sync ${name}`);
      };
      return file;
    },
    rename: async (from: string, to: string) => {
      await real.rename(from, to);
      did(`rename to ${basename(to)}`);
    },
  };
});

let directory: string;
let store: OpenSessionStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gst-s-"));
  store = await fileSessionStore(directory).open({ providerName: "cloud", warn: () => undefined });
  acts.length = 0;
});

afterEach(async () => {
  failing = undefined;
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

describe("what survives a loss of power", () => {
  it("REC-1: a save resolves when the file's text, then its name, were written through", async () => {
    await store.save(sampleRecord({ id: "s" }));
    expect(acts).toEqual([
      "begin to sync ~s.json",
      "sync ~s.json",
      "rename to s.json",
      "begin to sync folder",
      "sync folder",
    ]);
    acts.length = 0;
    await store.remove("s");
    expect(acts).toEqual(["begin to sync folder", "sync folder"]);
  });

  it("REC-1: of many saves at once, each is followed by a sync of the folder that began after it, and they share", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `s-${index}`);
    await Promise.all(
      ids.map(async (id) => {
        await store.save(sampleRecord({ id }));
        const renamed = acts.indexOf(`rename to ${id}.json`);
        expect(renamed).toBeGreaterThan(acts.indexOf(`sync ~${id}.json`));
        const begun = acts.indexOf("begin to sync folder", renamed);
        expect(begun).toBeGreaterThan(renamed);
        expect(acts.indexOf("sync folder", begun)).toBeGreaterThan(begun);
      }),
    );
    const syncs = acts.filter((act) => act === "sync folder").length;
    expect(syncs).toBeLessThan(ids.length);
  });

  it.each(["sync ~s.json", "rename to s.json", "sync folder"])(
    "REC-1: a save rejects where it can't be proven durable (%s fails), and the next one works",
    async (act) => {
      failing = act;
      const saves = [store.save(sampleRecord({ id: "s" })), store.save(sampleRecord({ id: "s" }))];
      // Both are listened to from the start: whichever rejects first may do so turns before the other.
      for (const outcome of await Promise.allSettled(saves))
        expect(outcome).toMatchObject({
          status: "rejected",
          reason: {
            code: "UNAVAILABLE",
            message: expect.stringMatching(
              /^can't write the session's record \/.*\/s\.json: EIO: i\/o error; /,
            ) as unknown,
          },
        });
      failing = undefined;
      await store.save(sampleRecord({ id: "s" }));
      expect(await store.holds("s")).toBe(true);
    },
  );

  it("REC-1: a take-over gives the sessions that it has moved, also where the rest fails", async () => {
    await store.save(sampleRecord({ id: "s" }));
    await store.close();
    const warnings: unknown[] = [];
    const next = await fileSessionStore(directory).open({
      providerName: "cloud",
      warn: (_, text) => warnings.push(text),
    });
    failing = "sync folder";
    expect((await next.takeLeftovers()).map(({ id }) => id)).toEqual(["s"]);
    expect(warnings).toEqual([`taking sessions over in ${directory} failed halfway`]);
    failing = undefined;
    await next.close();
    const last = await fileSessionStore(directory).open({ providerName: "cloud", warn: () => undefined });
    expect((await last.takeLeftovers()).map(({ id }) => id)).toEqual(["s"]);
    await last.close();
  });
});
