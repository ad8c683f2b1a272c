import { spawnSync } from "node:child_process";
import {
  chmod,
  chown,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OpenSessionStore, SessionRecord } from "../../src/sessions/session-store.js";
import { openInstanceDirectory } from "../../src/state-directory/index.js";
import { fileSessionStore } from "../../src/store/index.js";
import { itIsAStore } from "./contract.js";
import { sampleRecord } from "./records.js";

let parent: string;
let directory: string;
let warnings: string[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "gst-s-"));
  directory = join(parent, "state");
  warnings = [];
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

function open(): Promise<OpenSessionStore> {
  return fileSessionStore(directory).open({
    providerName: "cloud",
    warn: (fields, text) => {
      expect(text).toContain(fields.path);
      warnings.push(text);
    },
  });
}

/** What an instance leaves that had these sessions and closed. */
async function leave(...records: SessionRecord[]): Promise<string> {
  const store = await open();
  for (const record of records) await store.save(record);
  await store.close();
  return join(directory, `sessions-${store.instance}`);
}

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("fileSessionStore", () => {
  itIsAStore(() => fileSessionStore(directory));

  it("writes these fields and no others, in files of mode 0600 and folders of mode 0700", async () => {
    const planted = { ...sampleRecord({ id: "s" }), env: { TOKEN: "planted" }, dockerConfigJson: "planted" };
    const folder = await leave({
      ...planted,
      expiresAtMs: 1,
      stateReason: "r",
      stateMessage: "m",
      handle: { vm: "i-1" },
      notes: { vm: "i-1" },
    });
    const written = JSON.parse(await readFile(join(folder, "s.json"), "utf8")) as object;
    expect(Object.keys(written)).toEqual([
      "version",
      "id",
      "name",
      "pluginName",
      "metadata",
      "startedAtMs",
      "expiresAtMs",
      "intent",
      "state",
      "stateReason",
      "stateMessage",
      "handle",
      "notes",
      "providerName",
    ]);
    expect(await modeOf(join(folder, "s.json"))).toBe(0o600);
    expect(await modeOf(folder)).toBe(0o700);
    expect(await modeOf(directory)).toBe(0o700);
  });

  it("REC-1: leaves out fields that a later SDK may have added", async () => {
    const record = sampleRecord({ id: "s" });
    const folder = await leave(record);
    const written = JSON.parse(await readFile(join(folder, "s.json"), "utf8")) as object;
    await writeFile(join(folder, "s.json"), JSON.stringify({ ...written, later: true }));
    const store = await open();
    expect(await store.takeLeftovers()).toEqual([record]);
    await store.close();
  });

  it("REC-2: leaves nothing when it closes without sessions, and its folder and a dead lock when with some", async () => {
    const empty = await open();
    await empty.save(sampleRecord({ id: "s" }));
    expect(await readdir(join(directory, `sessions-${empty.instance}`))).toEqual(["s.json"]);
    await empty.remove("s");
    await empty.close();
    expect(await readdir(directory)).toEqual([]);
    const folder = await leave(sampleRecord());
    expect((await readdir(directory)).map((name) => join(directory, name)).sort()).toEqual([
      folder,
      `${folder}.owner`,
    ]);
  });

  it("REC-2: removes its directory where that is wanted and nothing else is in it", async () => {
    const store = fileSessionStore(directory, { removeDirectory: true });
    const context = { providerName: "cloud", warn: () => undefined };
    const [first, second] = [await store.open(context), await store.open(context)];
    await first.close();
    expect(await readdir(parent)).toEqual(["state"]);
    await second.close();
    expect(await readdir(parent)).toEqual([]);
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const one = await store.open(context);
        await one.save(sampleRecord({ id: "s" }));
        await one.remove("s");
        await one.close();
      }),
    );
    expect(await readdir(parent)).toEqual([]);
  });

  it("REC-1: many saves of a session at once: each resolves, the last is what is kept", async () => {
    const store = await open();
    const saves = Array.from({ length: 100 }, (_, n) => [
      store.save(sampleRecord({ id: "a", metadata: { n: String(n) } })),
      store.save(sampleRecord({ id: "b", metadata: { n: String(n) } })),
    ]);
    await Promise.all([...saves.flat(), store.remove("b")]);
    await store.close();
    const next = await open();
    expect((await next.takeLeftovers()).map(({ id, metadata }) => [id, metadata.n])).toEqual([["a", "99"]]);
    await next.close();
  });

  it("REC-1: close waits for what is being written", async () => {
    const store = await open();
    const saves = Array.from({ length: 50 }, (_, n) => store.save(sampleRecord({ id: `s-${n}` })));
    await store.close();
    await Promise.all(saves);
    const next = await open();
    expect(await next.takeLeftovers()).toHaveLength(50);
    await next.close();
  });

  describe("what a dead instance left and can't be read", () => {
    const good = sampleRecord({ id: "good" });

    /** Spoils the file of the session "bad" beside a good one: it is warned of once, and stays as it is. */
    async function staysWithOneWarning(
      spoil: (file: string, folder: string) => Promise<unknown>,
      warning: RegExp,
    ): Promise<void> {
      const folder = await leave(good, sampleRecord({ id: "bad" }));
      const file = join(folder, "bad.json");
      await spoil(file, folder);
      const before = await readdir(folder);
      const store = await open();
      expect(await store.takeLeftovers()).toEqual([good]);
      expect(await store.takeLeftovers()).toEqual([]);
      expect(warnings).toEqual([expect.stringMatching(warning)]);
      expect(warnings[0]).toMatch(/; it is left there, remove it when nobody needs it$/);
      expect(await readdir(folder)).toEqual(before.filter((name) => name !== "good.json"));
      await store.close();
      expect(await readdir(directory)).toContain(`sessions-${store.instance}`);
    }
    const rewrite = (change: (fields: Record<string, unknown>) => unknown) => async (file: string) => {
      const fields = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
      await writeFile(file, JSON.stringify(change(fields)));
    };

    it("REC-1: an empty file", () => staysWithOneWarning((file) => truncate(file, 0), /bad\.json is torn/));
    it("REC-1: one cut off", () => staysWithOneWarning((file) => truncate(file, 50), /bad\.json is torn/));
    it("REC-1: one full of zeros", () =>
      staysWithOneWarning((file) => writeFile(file, Buffer.alloc(300)), /bad\.json is torn/));
    it("REC-1: bytes that are no text", () =>
      staysWithOneWarning(
        (file) => writeFile(file, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
        /is torn or no UTF-8/,
      ));
    it("REC-1: something else in JSON", () =>
      staysWithOneWarning((file) => writeFile(file, "[1]"), /is no session record; /));
    it("REC-1: deep nesting", () =>
      staysWithOneWarning((file) => writeFile(file, "[".repeat(1_000_000)), /is torn or no JSON/));
    it("REC-1: a version that is not known", () =>
      staysWithOneWarning(
        rewrite((fields) => ({ ...fields, version: 2 })),
        /is no session record of this SDK: "version" is not 1, the version that this SDK knows/,
      ));
    it("REC-1: a field of another type", () =>
      staysWithOneWarning(
        rewrite((fields) => ({ ...fields, startedAtMs: "now" })),
        /"startedAtMs" is no time in milliseconds/,
      ));
    it("REC-1: a field that is missing", () =>
      staysWithOneWarning(
        rewrite((fields) => ({ ...fields, metadata: undefined })),
        /"metadata" is no map of texts/,
      ));
    it("REC-1: no word of whose it is", () =>
      staysWithOneWarning(
        rewrite((fields) => ({ ...fields, providerName: undefined })),
        /"providerName" is no text/,
      ));
    it("REC-1: another session's file", () =>
      staysWithOneWarning(
        rewrite((fields) => ({ ...fields, id: "other" })),
        /holds the session "other", whose file has another name/,
      ));
    it("REC-1: a huge file", () =>
      staysWithOneWarning(
        (file) => truncate(file, 2 ** 40),
        /holds 1099511627776 bytes, more than the 1048576/,
      ));
    it("REC-2: a link", () =>
      staysWithOneWarning(async (file) => {
        await rename(file, join(parent, "elsewhere.json"));
        await symlink(join(parent, "elsewhere.json"), file);
      }, /bad\.json is a link/));
    it("REC-2: a pipe that nobody writes to", () =>
      staysWithOneWarning(async (file) => {
        await rm(file);
        expect(spawnSync("mkfifo", [file]).status).toBe(0);
      }, /is no regular file/));
    it("REC-2: a folder", () =>
      staysWithOneWarning(async (file) => {
        await rm(file);
        await mkdir(file);
      }, /is no regular file/));
    it("REC-2: a file of another name", () =>
      staysWithOneWarning(
        (file, folder) => rename(file, join(folder, "notes.txt")),
        /notes\.txt is no session record/,
      ));
    it.skipIf(process.getuid?.() !== 0)("REC-2: another user's file (as root)", () =>
      staysWithOneWarning((file) => chown(file, 12_345, 12_345), /belongs to the user 12345, not to 0/),
    );

    it("REC-1: the session of the taker itself stays the taker's", async () => {
      const folder = await leave(sampleRecord({ id: "s" }));
      const store = await open();
      await store.save(sampleRecord({ id: "s", intent: "keep" }));
      expect(await store.takeLeftovers()).toEqual([]);
      expect(warnings).toEqual([
        expect.stringMatching(/holds the session "s", which this instance has already/),
      ]);
      expect(await readdir(folder)).toEqual(["s.json"]);
      await store.close();
    });

    it("REC-2: half-written files and unused locks of dead instances are removed", async () => {
      const folder = await leave(good);
      await link(join(folder, "good.json"), join(folder, "~late.json"));
      const unused = join(directory, `~${"0".repeat(20)}`);
      await rename(`${folder}.owner`, unused);
      await leaveDeadLock(`${folder}.owner`);
      const store = await open();
      expect(await store.takeLeftovers()).toEqual([good]);
      expect((await readdir(directory)).sort()).toEqual([
        `sessions-${store.instance}`,
        `sessions-${store.instance}.owner`,
      ]);
      expect(warnings).toEqual([]);
      await store.close();
    });

    /** Puts the socket of an instance that was closed at `path`. */
    async function leaveDeadLock(path: string): Promise<void> {
      const folder = await leave(good);
      await rename(`${folder}.owner`, path);
      await rm(folder, { recursive: true });
    }
  });

  it("REC-2: a folder that lost its lock proves no death, and is left alone with one warning", async () => {
    const folder = await leave(sampleRecord({ id: "s" }));
    await rm(`${folder}.owner`);
    const store = await open();
    expect(await store.takeLeftovers()).toEqual([]);
    expect(await store.takeLeftovers()).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/has lost its lock, so its owner can't be proven dead/)]);
    expect(await store.ownerOf(folder.slice(-20))).toBe("unknown");
    expect(await store.holds("s")).toBe(true);
    await store.close();
  });

  it("REC-2: a folder that is a link is left alone", async () => {
    const folder = await leave(sampleRecord({ id: "s" }));
    await rename(folder, join(parent, "elsewhere"));
    await symlink(join(parent, "elsewhere"), folder);
    const store = await open();
    expect(await store.takeLeftovers()).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/is no directory/)]);
    expect(await readdir(join(parent, "elsewhere"))).toEqual(["s.json"]);
    await store.close();
  });

  it("REC-2, PROC-9: shares a directory with openInstanceDirectory: neither touches what is the other's", async () => {
    const folder = await leave(sampleRecord({ id: "s" }));
    const living = await open();
    await living.save(sampleRecord({ id: "l" }));
    const instance = await openInstanceDirectory({ root: directory, removeRoot: true });
    const store = await open();
    expect(await readdir(folder)).toEqual(["s.json"]);
    expect((await store.takeLeftovers()).map(({ id }) => id)).toEqual(["s"]);
    expect(await readdir(directory)).toEqual(expect.arrayContaining([instance.id, `${instance.id}.lock`]));
    await store.remove("s");
    await store.close();
    await instance.close();
    await living.remove("l");
    await living.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it("REC-2: leaves names that are not its own alone", async () => {
    await mkdir(directory, { mode: 0o700 });
    for (const name of ["notes.txt", "sessions-1", "~keep"]) await writeFile(join(directory, name), "kept");
    const store = await open();
    expect(await store.takeLeftovers()).toEqual([]);
    await store.close();
    expect((await readdir(directory)).sort()).toEqual(["notes.txt", "sessions-1", "~keep"]);
    expect(warnings).toEqual([]);
  });

  it("REC-1: a write that fails names the path, the older record stays, and a later one is taken", async () => {
    const store = await open();
    const folder = join(directory, `sessions-${store.instance}`);
    await store.save(sampleRecord({ id: "s", metadata: { n: "1" } }));
    await rename(folder, `${folder}.away`);
    for (const act of [store.save(sampleRecord({ id: "s" })), store.save(sampleRecord({ id: "t" }))])
      await expect(act).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringMatching(
          /^can't write the session's record \/.*\/sessions-[0-9a-f]{20}\/[st]\.json: ENOENT.*; check that directory$/,
        ) as unknown,
      });
    expect(await store.holds("t")).toBe(false);
    await rename(`${folder}.away`, folder);
    expect(JSON.parse(await readFile(join(folder, "s.json"), "utf8"))).toMatchObject({
      metadata: { n: "1" },
    });
    await store.save(sampleRecord({ id: "t", metadata: { n: "2" } }));
    await store.close();
    expect((await readdir(folder)).sort()).toEqual(["s.json", "t.json"]);
  });

  it("refuses a directory that is relative, too long for a socket, or open to others", async () => {
    const long = `/${"d".repeat(71)}`;
    expect(() => fileSessionStore("state")).toThrow(
      `the session store's directory "state" is not absolute; write it from / on`,
    );
    expect(() => fileSessionStore(long)).toThrow(
      `the session store's directory "${long}" is too long: a socket in it would have a path of 108 bytes, more than 107; use a shorter one`,
    );
    expect(() => fileSessionStore("/a\0b")).toThrow(/has a NUL byte/);
    await mkdir(directory);
    await chmod(directory, 0o750);
    await expect(open()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/can be entered by others \(mode 750\); run chmod 700 on it/) as unknown,
    });
    expect(await readdir(directory)).toEqual([]);
    await chmod(directory, 0o700);
    const longest = `${directory}/${"d".repeat(71 - Buffer.byteLength(directory) - 1)}`;
    const store = await fileSessionStore(longest).open({ providerName: "cloud", warn: () => undefined });
    await store.close();
  });
});
