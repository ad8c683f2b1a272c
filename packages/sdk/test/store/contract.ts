import { expect, it } from "vitest";
import type { OpenSessionStore, SessionRecord, SessionStore } from "../../src/sessions/session-store.js";
import { sampleRecord } from "./records.js";

const context = { providerName: "cloud", warn: () => undefined };

/** What every store must do, wherever it keeps its sessions. */
export function itIsAStore(newStore: () => SessionStore): void {
  const open = (store: SessionStore): Promise<OpenSessionStore> => store.open(context);
  const byId = (records: SessionRecord[]): SessionRecord[] =>
    [...records].sort((a, b) => (a.id < b.id ? -1 : 1));

  it("T1: each instance has an id of its own", async () => {
    const store = newStore();
    const opened = await Promise.all(Array.from({ length: 20 }, () => open(store)));
    expect(new Set(opened.map(({ instance }) => instance)).size).toBe(20);
    for (const { instance } of opened) expect(instance).toMatch(/^[0-9a-f]{1,32}$/);
    await Promise.all(opened.map((one) => one.close()));
  });

  it("REC-1: what a closed instance left is given to the next, unchanged and once", async () => {
    const store = newStore();
    const first = await open(store);
    const kept = sampleRecord({
      intent: "keep",
      state: "failed",
      stateReason: "readiness",
      stateMessage: "the plugin did not listen",
      expiresAtMs: 1_780_000_900_000,
      handle: { vm: "i-1", ports: [1, 2.5, null, true], nested: { __proto__x: "y" } },
      notes: { vm: "i-1" },
    });
    const started = sampleRecord();
    await first.save(sampleRecord({ id: kept.id }));
    await first.save(kept);
    await first.save(started);
    await first.close();

    const second = await open(store);
    expect(byId(await second.takeLeftovers())).toEqual(byId([kept, started]));
    expect(await second.takeLeftovers()).toEqual([]);
    await second.save({ ...started, intent: "destroy" });
    await second.remove(kept.id);
    await second.close();

    const third = await open(store);
    expect(await third.takeLeftovers()).toEqual([{ ...started, intent: "destroy" }]);
    await third.remove(started.id);
    await third.close();
  });

  it("REC-2, PROC-9: living instances never see each other's sessions as leftovers", async () => {
    const store = newStore();
    const [first, second] = [await open(store), await open(store)];
    const record = sampleRecord();
    await first.save(record);
    expect(await second.takeLeftovers()).toEqual([]);
    expect(await first.takeLeftovers()).toEqual([]);
    expect(await second.ownerOf(first.instance)).toBe("alive");
    expect(await second.holds(record.id)).toBe(true);
    await first.remove(record.id);
    expect(await second.holds(record.id)).toBe(false);
    await first.close();
    await second.close();
  });

  it("REC-2: of several instances that ask at once, one gets each session", async () => {
    const store = newStore();
    const dead = await open(store);
    const records = Array.from({ length: 30 }, () => sampleRecord());
    await Promise.all(records.map((record) => dead.save(record)));
    await dead.close();
    const takers = await Promise.all(Array.from({ length: 8 }, () => open(store)));
    const taken = await Promise.all([...takers, ...takers].map((taker) => taker.takeLeftovers()));
    expect(byId(taken.flat())).toEqual(byId(records));
    for (const taker of takers) for (const { id } of taken.flat()) await taker.remove(id);
    await Promise.all(takers.map((taker) => taker.close()));
  });

  it("REC-2: sessions of another provider's name are not touched", async () => {
    const store = newStore();
    const other = await store.open({ ...context, providerName: "other" });
    const record = sampleRecord();
    await other.save(record);
    await other.close();
    const own = await open(store);
    expect(await own.takeLeftovers()).toEqual([]);
    const next = await store.open({ ...context, providerName: "other" });
    expect(await next.takeLeftovers()).toEqual([record]);
    await next.remove(record.id);
    await next.close();
    await own.close();
  });

  it("REC-2: tells the living from the dead, and neither from what it never saw", async () => {
    const store = newStore();
    const [first, second] = [await open(store), await open(store)];
    const record = sampleRecord();
    await first.save(record);
    expect(await first.ownerOf(first.instance)).toBe("alive");
    await first.close();
    expect(await second.ownerOf(first.instance)).toBe("dead");
    await second.takeLeftovers();
    expect(await second.ownerOf(first.instance), "also once nothing is left of it").toBe("dead");
    expect(await second.holds(record.id)).toBe(true);
    for (const never of ["0".repeat(20), "", "..", "../..", "x".repeat(500)])
      expect(await second.ownerOf(never)).toBe("unknown");
    await second.remove(record.id);
    await second.close();
  });

  it("REC-1: takes any id of 1 to 200 bytes, and keeps ids apart that only look alike", async () => {
    const store = newStore();
    const ids = [
      "../../etc/passwd",
      "..",
      ".",
      "/",
      "a/b",
      "a\0b",
      "a\nb",
      "A",
      "a",
      "ä",
      "a\u0308",
      `=${"0".repeat(64)}`,
      "x.json",
      "~x",
      "CON",
      "x".repeat(200),
      "é".repeat(100),
    ];
    const first = await open(store);
    await Promise.all(ids.map((id) => first.save(sampleRecord({ id }))));
    await first.close();
    const second = await open(store);
    expect((await second.takeLeftovers()).map(({ id }) => id).sort()).toEqual([...ids].sort());
    for (const id of ids) expect(await second.holds(id), id).toBe(true);
    await Promise.all(ids.map((id) => second.remove(id)));
    for (const id of ids) expect(await second.holds(id), id).toBe(false);
    await second.close();
  });

  it("REC-1: refuses what could not be read back, and says which field it is", async () => {
    const store = await open(newStore());
    const refused: [Record<string, unknown>, RegExp][] = [
      [{ id: "" }, /"id" is not a text of 1 to 200 bytes/],
      [{ id: "x".repeat(201) }, /"id" is not a text of 1 to 200 bytes/],
      [{ version: 2 }, /"version" is not 1/],
      [{ intent: "wait" }, /"intent" is none of create, keep, destroy/],
      [{ state: "gone" }, /"state" is none of pending, ready/],
      [{ startedAtMs: Number.NaN }, /"startedAtMs" is no time/],
      [{ expiresAtMs: null }, /"expiresAtMs" is no time/],
      [{ metadata: { a: 1 } }, /"metadata" is no map of texts/],
      [{ notes: ["a"] }, /"notes" is no map of texts/],
      [{ stateReason: 1 }, /"stateReason" is no text/],
      [{ handle: { count: 1n } }, /"handle" is not plain JSON/],
      [{ handle: "x".repeat(1_048_576) }, /takes \d+ bytes, more than 1048576; keep the handle small/],
    ];
    for (const [changes, text] of refused) {
      const saved = store.save({ ...sampleRecord({ id: "s" }), ...changes });
      await expect(saved).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(text) as unknown,
      });
    }
    expect(await store.holds("s")).toBe(false);
    await store.close();
  });

  it("REC-1: a change of the caller's objects after save changes nothing", async () => {
    const store = newStore();
    const first = await open(store);
    const handle = { vm: "i-1" };
    const saved = first.save(sampleRecord({ id: "s", handle }));
    handle.vm = "i-2";
    await saved;
    await first.close();
    const second = await open(store);
    expect((await second.takeLeftovers())[0]?.handle).toEqual({ vm: "i-1" });
    await second.remove("s");
    await second.close();
  });

  it("does nothing once it is closed, and closes twice without harm", async () => {
    const store = await open(newStore());
    await Promise.all([store.close(), store.close()]);
    const closed = { code: "FAILED_PRECONDITION", message: "the session store is closed" };
    await expect(store.save(sampleRecord())).rejects.toMatchObject(closed);
    await expect(store.remove("s")).rejects.toMatchObject(closed);
    await expect(store.takeLeftovers()).rejects.toMatchObject(closed);
    expect(await store.ownerOf(store.instance)).toBe("dead");
  });
}
