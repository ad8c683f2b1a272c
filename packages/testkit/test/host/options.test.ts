import { mkdir, readdir, rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { FakeGestaltd, startProvider } from "../../src/host/index.js";

const provider = { command: "/opt/runtime" };
const plugin = { command: "/opt/plugin" };

describe("options that are wrong", () => {
  it("name the field, the fault and the mend", () => {
    const faults: readonly (readonly [
      options: ConstructorParameters<typeof FakeGestaltd>[0],
      text: string,
    ])[] = [
      [
        { runtimeProviders: { a: { command: "runtime" } } },
        'runtimeProviders.a.command "runtime" is not an absolute path; resolve it first',
      ],
      [
        { runtimeProviders: { a: { ...provider, default: true }, b: { ...provider, default: true } } },
        "runtimeProviders: a and b both have default: true; leave it on one",
      ],
      [
        { runtimeProviders: { a: provider }, plugins: { p: { command: "./p" } } },
        'plugins.p.command "./p" is not an absolute path; resolve it first',
      ],
      [
        { runtimeProviders: { a: provider, b: provider }, plugins: { p: plugin } },
        "plugins.p.runtime.provider is not set and no runtime provider is the default; name one of a, b",
      ],
      [
        { runtimeProviders: { a: provider }, plugins: { p: { ...plugin, runtime: { provider: "c" } } } },
        'plugins.p.runtime.provider is "c", which is not in runtimeProviders (a)',
      ],
      [
        {
          runtimeProviders: { a: provider },
          plugins: { p: { ...plugin, runtime: { imagePullAuth: { dockerConfigJson: "{}" } } } },
        },
        "plugins.p.runtime.imagePullAuth is set without an image; set plugins.p.runtime.image too",
      ],
    ];
    for (const [options, text] of faults)
      expect(() => new FakeGestaltd(options)).toThrow(new TypeError(text));
  });

  it("DIAL-2: a directory that makes paths too long is refused by its name", async () => {
    const tmpDir = `/tmp/${"x".repeat(90)}`;
    await mkdir(tmpDir, { recursive: true });
    try {
      await expect(startProvider({ ...provider, tmpDir })).rejects.toThrow(
        /^tmpDir ".*" makes socket paths of \d+ bytes, more than the 107 .*; set tmpDir to a shorter directory$/,
      );
      expect(await readdir(tmpDir)).toEqual([]);
    } finally {
      await rm(tmpDir, { recursive: true });
    }
  });
});
