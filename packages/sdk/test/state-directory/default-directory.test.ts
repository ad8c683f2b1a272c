import { tmpdir } from "node:os";
import { basename, dirname } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { defaultStateDirectory } from "../../src/state-directory/index.js";

const uid = process.getuid?.() ?? 0;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("defaultStateDirectory", () => {
  it("REC-2: is one per user, kind and name, below the temporary directory", () => {
    expect(defaultStateDirectory("modal", "cloud-a")).toBe(`${tmpdir()}/gst-${uid}-modal-cloud-a`);
    expect(defaultStateDirectory("modal", "cloud-b")).not.toBe(defaultStateDirectory("modal", "cloud-a"));
    expect(defaultStateDirectory("gke", "cloud-a")).not.toBe(defaultStateDirectory("modal", "cloud-a"));
  });

  it("DIAL-2: stays within 60 bytes, so that a socket below it fits its address", () => {
    vi.stubEnv("TMPDIR", `/var/tmp/${"a".repeat(80)}`);
    const long = defaultStateDirectory("k".repeat(50), "ü".repeat(200));
    expect(dirname(long)).toBe("/tmp");
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(60);
  });

  it("REC-2: no name leads out of the temporary directory", () => {
    for (const name of ["../../etc", "a/b", "..", ".", "", "a\0b"]) {
      const path = defaultStateDirectory(name, name);
      expect(dirname(path)).toBe(tmpdir());
      expect(basename(path)).toMatch(/^gst-\d+-[\w.-]*-[\w.-]*$/);
    }
  });
});
