import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { overlayMounts } from "../../src/guests/overlay.js";

const field = "runtime.providers.process.config.templates.t.overlay";

async function overlayOf(...files: string[]): Promise<string> {
  const overlay = await mkdtemp("/tmp/gpro-");
  onTestFinished(() => rm(overlay, { recursive: true }));
  for (const file of files) {
    await mkdir(dirname(join(overlay, file)), { recursive: true });
    await writeFile(join(overlay, file), "of the overlay");
  }
  return overlay;
}

describe("an overlay", () => {
  it("SESS-3: covers files that are there, and brings folders that are not", async () => {
    const overlay = await overlayOf(
      "opt/tool/bin/run",
      "etc/tool.conf",
      "etc/ssl/own.pem",
      "usr/bin/env",
      "top",
    );
    const mounts = await overlayMounts(overlay, field);
    const paths = ["/etc/ssl/own.pem", "/etc/tool.conf", "/opt", "/top", "/usr/bin/env"];
    expect(mounts.map(({ inGuest }) => inGuest).sort()).toEqual(paths);
    for (const { inGuest, onHost, writable = false } of mounts)
      expect([onHost, writable]).toEqual([join(overlay, inGuest), false]);
  });

  it.each([
    ["usr/not-there/x", "has /usr/not-there, and nothing can be added to this machine's own folders"],
    ["usr/bin/env/x", "has /usr/bin/env, which is a directory there and a file here"],
    ["proc/x", "has /proc, which is the guest's own"],
    ["run/gestalt/x", "has /run/gestalt, which is the guest's own"],
  ])("SESS-3: with %s is refused with the path and the mend", async (file, text) => {
    const overlay = await overlayOf(file);
    await expect(overlayMounts(overlay, field)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${field} (${overlay}) ${text}: put it elsewhere, such as below /opt`,
    });
  });
});
