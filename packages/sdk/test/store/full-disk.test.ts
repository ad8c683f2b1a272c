import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Worker } from "./worker.js";

/** Runs a program with a file system of 64 kB at the path that comes first. */
const script = 'mount -t tmpfs -o size=64k,mode=0700 tmpfs "$0" && exec "$@"';
const small = (directory: string): string[] => [
  "unshare",
  "--mount",
  "--propagation",
  "private",
  "sh",
  "-c",
  script,
  directory,
];
const canMount = ((): boolean => {
  const [command = "", ...args] = small("/mnt");
  return process.platform === "linux" && spawnSync(command, [...args, "true"]).status === 0;
})();

let parent: string;
let directory: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "gst-s-"));
  directory = join(parent, "state");
  await mkdir(directory);
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

describe("a file store on a full disk (as root)", () => {
  it.skipIf(!canMount)(
    "REC-1: save says which path and what helps; the older record stays, and the store goes on",
    async () => {
      const worker = new Worker("fill", directory, 0, small(directory));
      await worker.ended();
      const [failure = []] = worker.words("failed");
      expect(failure.join(" ")).toMatch(
        /^RESOURCE_EXHAUSTED can't write the session's record \/.*\/sessions-[0-9a-f]{20}\/big\.json: ENOSPC.*; free space on that disk$/,
      );
      const written = worker.words("done").filter(([id]) => id === "big");
      expect(written.length).toBeGreaterThan(1);
      expect(worker.words("took")).toEqual([written.at(-1), ["small", "1"]]);
      expect(worker.words("warn")).toEqual([]);
      expect(worker.lines.at(-1)).toBe("left");
      expect(worker.child.exitCode).toBe(0);
      expect(await readdir(directory), "outside of it").toEqual([]);
    },
  );
});
