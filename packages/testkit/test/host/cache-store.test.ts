import { afterEach, describe, expect, it, vi } from "vitest";
import { CacheStore } from "../../src/host/index.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("CacheStore", () => {
  afterEach(() => vi.useRealTimers());

  it("gives back what was set, an empty value too, and nothing that was deleted", () => {
    const cache = new CacheStore();
    cache.set("a", bytes("1"));
    cache.set("b", bytes(""));
    expect(cache.get("a")).toEqual(bytes("1"));
    expect(cache.get("b")).toEqual(bytes(""));
    expect(cache.delete("a")).toBe(true);
    expect(cache.delete("a")).toBe(false);
    expect(cache.get("a")).toBeUndefined();
  });

  it("forgets an entry when its time is over; zero is no time", () => {
    vi.useFakeTimers();
    const cache = new CacheStore();
    cache.set("short", bytes("1"), 100);
    cache.set("kept", bytes("1"), 0);
    vi.advanceTimersByTime(99);
    expect(cache.get("short")).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(cache.get("short")).toBeUndefined();
    expect(cache.get("kept")).toBeDefined();
  });

  it("is bounded: a full cache refuses new keys, once what has expired is out", () => {
    vi.useFakeTimers();
    const cache = new CacheStore({ cacheEntries: 2 });
    cache.set("a", bytes("1"));
    cache.set("b", bytes("1"), 100);
    cache.set("b", bytes("2"), 100);
    expect(() => cache.set("c", bytes("1"))).toThrow("the cache holds 2 entries");
    vi.advanceTimersByTime(100);
    cache.set("c", bytes("1"));
    expect(cache.get("c")).toBeDefined();
  });
});
