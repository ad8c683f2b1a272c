import { mkdir, writeFile } from "node:fs/promises";
import { existsSync, linkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readableFiles, readableFolders } from "../../src/sandbox/index.js";
import type { Attempt } from "./attempts.js";
import { Probe } from "./probe.js";

/** What refuses each kind of access: Landlock denies, bubblewrap shows nothing, or a read-only file. */
const refusals = {
  landlock: { hidden: "EACCES", readOnly: "EACCES" },
  bubblewrap: { hidden: "ENOENT", readOnly: "EROFS" },
} as const;

type Case = readonly [attempt: Attempt, outcome: string];

async function expectOutcomes(probe: Probe, cases: readonly Case[]): Promise<void> {
  const outcomes = await probe.try(...cases.map(([attempt]) => attempt));
  expect(outcomes.map((outcome, index) => [cases[index]?.[0], outcome])).toEqual(cases);
}

for (const enforcement of ["landlock", "bubblewrap"] as const) {
  const { hidden, readOnly } = refusals[enforcement];

  describe(`files in the host's sandbox (${enforcement})`, () => {
    it("PROC-10: the folders of the list can be read and listed, and not written to", async () => {
      await using probe = await Probe.open({ enforcement });
      // What belongs to the process itself changes, and refuses new files by itself.
      const folders = readableFolders.filter((path) => existsSync(path) && path !== "/proc/self");
      await expectOutcomes(probe, [
        ...folders.flatMap((path): readonly Case[] => [
          [{ try: "list", path }, "ok"],
          [{ try: "create", path: join(path, "new") }, readOnly],
        ]),
        [{ try: "list", path: "/proc/self" }, "ok"],
        [{ try: "read", path: "/proc/self/status" }, "ok"],
      ]);
    });

    it("PROC-10: the files of the list can be read, and not written to", async () => {
      await using probe = await Probe.open({ enforcement });
      const files = readableFiles.filter((path) => existsSync(path));
      expect(files.length).toBeGreaterThanOrEqual(4);
      await expectOutcomes(
        probe,
        files.flatMap((path): readonly Case[] => [
          [{ try: "read", path }, "ok"],
          // A device is no file of the mount: bubblewrap can't keep it from being written to.
          ...(enforcement === "bubblewrap" && path === "/dev/urandom"
            ? []
            : ([[{ try: "open-write", path }, readOnly]] as const)),
        ]),
      );
    });

    it("PROC-10: everything else is out of reach", async () => {
      await using probe = await Probe.open({ enforcement });
      await writeFile(join(probe.directory.path, "secret"), "of the operator");
      await mkdir(join(probe.directory.path, "elsewhere"));
      await expectOutcomes(probe, [
        ...["/", "/bin", "/usr/bin", "/sbin", "/tmp", "/var", "/root", "/home", "/proc", "/dev", "/etc"]
          .filter((path) => existsSync(path))
          // In bubblewrap's view these hold what leads to the list, and nothing else.
          .filter(
            (path) => enforcement === "landlock" || !["/", "/tmp", "/proc", "/dev", "/etc"].includes(path),
          )
          .map((path): Case => [{ try: "list", path }, hidden]),
        [{ try: "read", path: "/etc/passwd" }, hidden],
        [{ try: "read", path: "/etc/hostname" }, hidden],
        [{ try: "read", path: "/proc/meminfo" }, hidden],
        [{ try: "read", path: `/proc/${process.pid}/environ` }, hidden],
        [{ try: "read", path: "/dev/zero" }, hidden],
        [{ try: "read", path: join(probe.directory.path, "secret") }, hidden],
        [{ try: "list", path: join(probe.directory.path, "elsewhere") }, hidden],
        [{ try: "create", path: "/tmp/new" }, readOnly],
        [{ try: "create", path: join(probe.directory.path, "new") }, readOnly],
      ]);
    });

    it("PROC-10: its own folder can be read and executed from, and not written to", async () => {
      await using probe = await Probe.open({ enforcement });
      await expectOutcomes(probe, [
        [{ try: "list", path: probe.packageFolder }, "ok"],
        [{ try: "read", path: probe.program }, "ok"],
        [{ try: "exec", path: probe.program, args: ["-e", "0"] }, "exit 0"],
        [{ try: "create", path: join(probe.packageFolder, "new") }, readOnly],
        [{ try: "remove", path: join(probe.packageFolder, "program.mjs") }, readOnly],
      ]);
    });

    it("PROC-10: only the socket's folder and the private TMPDIR can be written to", async () => {
      await using probe = await Probe.open({ enforcement });
      const [there, here] = [join(probe.socketFolder, "file"), join(probe.tmp, "file")];
      await expectOutcomes(probe, [
        [{ try: "create", path: there, text: "a" }, "ok"],
        [{ try: "open-write", path: there }, "ok"],
        [{ try: "rename", path: there, to: join(probe.socketFolder, "renamed") }, "ok"],
        [{ try: "remove", path: join(probe.socketFolder, "renamed") }, "ok"],
        [{ try: "create", path: here, text: "#!/bin/sh\n" }, "ok"],
        // Nothing is moved from one folder to another.
        [{ try: "rename", path: here, to: there }, "EXDEV"],
      ]);
    });

    it("PROC-10: programs of the machine can't be executed, those in the writable folders can", async () => {
      await using probe = await Probe.open({ enforcement });
      const copy = join(probe.tmp, "copy");
      linkSync(probe.program, copy);
      await expectOutcomes(probe, [
        [{ try: "exec", path: "/usr/bin/env" }, hidden],
        [{ try: "exec", path: "/bin/sh", args: ["-c", "exit 0"] }, hidden],
        [{ try: "exec", path: process.execPath, args: ["-e", "0"] }, hidden],
        [{ try: "exec", path: copy, args: ["-e", "0"] }, "exit 0"],
      ]);
    });

    it("PROC-10: a child with ignored output streams can't be spawned", async () => {
      await using probe = await Probe.open({ enforcement });
      await expectOutcomes(probe, [
        [{ try: "exec-ignored", path: probe.program, args: ["-e", "0"] }, readOnly],
        [{ try: "read", path: "/dev/null" }, "ok"],
      ]);
    });
  });
}

describe("what differs between the two", () => {
  it("PROC-10: stat and access of hidden programs succeed under Landlock, and are missing in bubblewrap", async () => {
    const attempts: readonly Attempt[] = [
      { try: "stat", path: "/usr/bin/env" },
      { try: "access", path: "/usr/bin/env" },
    ];
    await using denied = await Probe.open({ enforcement: "landlock" });
    expect(await denied.try(...attempts)).toEqual(["ok", "ok"]);
    await using missing = await Probe.open({ enforcement: "bubblewrap" });
    expect(await missing.try(...attempts)).toEqual(["ENOENT", "ENOENT"]);
  });
});
