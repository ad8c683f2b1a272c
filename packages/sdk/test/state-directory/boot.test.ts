import { execFile } from "node:child_process";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bootMark, isOnSharedFileSystem } from "../../src/state-directory/boot.js";

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  return { ...real, statfs: vi.fn(real.statfs) };
});

afterEach(() => {
  vi.mocked(statfs).mockReset();
});

describe("isOnSharedFileSystem", () => {
  it("REC-2: a local file system is not shared", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gst-b-"));
    const { stdout } = await promisify(execFile)("stat", ["-f", "-c", "%t", "/proc"]);
    expect(stdout.trim(), "what statfs tells is what stat tells").toBe(
      (await statfs("/proc")).type.toString(16),
    );
    expect(await isOnSharedFileSystem(directory)).toBe(false);
    await rm(directory, { recursive: true });
  });

  it.each([
    ["NFS", 0x6969, true],
    ["CIFS, as a number with a sign", 0xff534d42 | 0, true],
    ["SMB 2", 0xfe534d42, true],
    ["virtiofs", 0x65735546, true],
    ["ext4", 0xef53, false],
    ["overlayfs", 0x794c7630, false],
    ["tmpfs", 0x01021994, false],
    ["btrfs", 0x9123683e, false],
  ])("REC-2: %s (%i) is shared: %s", async (_, type, isShared) => {
    vi.mocked(statfs).mockResolvedValueOnce({ type } as never);
    expect(await isOnSharedFileSystem("/anywhere")).toBe(isShared);
  });
});

it("REC-2: the mark of a boot is eight digits, and the same in every process", async () => {
  const mark = await bootMark();
  expect(mark).toMatch(/^[0-9a-f]{8}$/);
  const script = `const { createHash } = require("node:crypto");
    const id = require("node:fs").readFileSync("/proc/sys/kernel/random/boot_id");
    process.stdout.write(createHash("sha256").update(id).digest("hex").slice(0, 8));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script]);
  expect(mark).toBe(stdout);
});
