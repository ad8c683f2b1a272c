import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  shellLauncher,
  type GuestExec,
  type LaunchedProgram,
  type ShellLauncher,
  type ShellProgram,
} from "../../src/guests/index.js";
import { busyboxGuest, canMakeGuests, commandLinesWith, has, localGuest, type Guest } from "./guest.js";

const guests = [
  {
    name: "dash on this machine",
    isThere: has("dash") && has("setsid"),
    make: () => Promise.resolve(localGuest()),
  },
  { name: "busybox in a guest of its own", isThere: canMakeGuests, make: busyboxGuest },
];

const PATH = "/usr/local/bin:/usr/bin:/bin";

interface Stage {
  readonly guest: Guest;
  readonly launcher: ShellLauncher;
  /** The program's directory, seen from here. */
  readonly outside: string;
  readonly exec: GuestExec;
}

function stageIn(guest: Guest, exec: GuestExec = guest.exec, followMs?: number): Stage {
  const directory = `${guest.folder}/plugin one`;
  const launcher = shellLauncher({ exec, directory, ...(followMs !== undefined && { followMs }) });
  onTestFinished(async () => {
    // Whatever a test has left must go, and be seen to go.
    const found = await shellLauncher({ exec: guest.exec, directory }).find();
    await found?.stop({ graceMs: 0 });
  });
  return { guest, launcher, outside: join(guest.outside, "plugin one"), exec };
}

const sh = (script: string, ...args: string[]): ShellProgram => ({
  command: "sh",
  args: ["-c", script, "sh", ...args],
  env: { PATH },
});

interface Output {
  stdout: string;
  stderr: string;
  cursors: string[];
}

/** Reads all output, up to the end or to a text. */
async function output(program: LaunchedProgram, from?: string, until?: string): Promise<Output> {
  const found: Output = { stdout: "", stderr: "", cursors: [] };
  const enough = new AbortController();
  const sink = {
    write: (stream: "stdout" | "stderr", bytes: Uint8Array, cursor?: string): Promise<void> => {
      found[stream] += Buffer.from(bytes).toString("latin1");
      if (cursor !== undefined) found.cursors.push(cursor);
      if (until !== undefined && found.stdout.includes(until)) enough.abort(new Error("seen"));
      return Promise.resolve();
    },
  };
  await program.read(from, sink, enough.signal).catch((error: unknown) => {
    if (!enough.signal.aborted) throw error;
  });
  return found;
}

/** Processes of this machine, guests included, whose command line has a text. */
function processesWith(text: string): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  }).length;
}

for (const { name, isThere, make } of guests) {
  describe.skipIf(!isThere)(`shellLauncher with ${name}`, () => {
    const stage = async (): Promise<Stage> => stageIn(await make());

    it("PLUG-1, PLUG-2: command, arguments and environment arrive exactly, and nothing else", async () => {
      const { launcher } = await stage();
      const args = ["", " a  b ", "$HOME", "`id`", "'\"\\", "\n", "-n", "--", "é漢🦀", ""];
      const env = { PATH, EMPTY: "", ODD: 'it\'s\n"odd"\n', GREEK: "λ" };
      const report = String.raw`for word; do printf '%s\0' "$word"; done; cat /proc/$$/environ >&2; :`;
      const program = await launcher.launch({ command: "sh", args: ["-c", report, "sh", ...args], env });
      expect(await program.ended).toEqual({ how: "exit", code: 0 });
      const { stdout, stderr } = await output(program);
      const words = (text: string): string[] =>
        Buffer.from(text, "latin1").toString().split("\0").slice(0, -1);
      expect(words(stdout)).toEqual(args);
      expect(words(stderr).sort()).toEqual(
        Object.entries(env)
          .map(([key, value]) => `${key}=${value}`)
          .sort(),
      );
    });

    it("SESS-10: says at once how the program ended, by code or by signal", async () => {
      const guest = await make();
      const ends = [
        [sh("exit 0"), { how: "exit", code: 0 }],
        [sh("exit 7"), { how: "exit", code: 7 }],
        [sh("kill -SEGV $$"), { how: "signal", signal: "SIGSEGV" }],
        [
          { ...sh(""), command: "no-such-program" },
          { how: "exit", code: 127 },
        ],
        [
          { ...sh(""), command: "/dev/null" },
          { how: "exit", code: 126 },
        ],
      ] as const;
      for (const [index, [program, end]] of ends.entries()) {
        const launcher = shellLauncher({ exec: guest.exec, directory: `${guest.folder}/${index}` });
        const launched = await launcher.launch(program);
        expect(await launched.ended).toEqual(end);
        if (index >= 3) expect((await output(launched)).stderr).toContain(program.command);
      }
    });

    it("the program lives on when the exec that started it has ended, in a session of its own", async () => {
      const { launcher } = await stage();
      const program = await launcher.launch(
        sh("echo $$; cut -d' ' -f5,6 /proc/$$/stat; echo up; sleep 100000"),
      );
      const { stdout } = await output(program, undefined, "up\n");
      const pid = String(program.pid);
      expect(stdout).toBe(`${pid}\n${pid} ${pid}\nup\n`);
      await program.stop({ graceMs: 0 });
      expect(await program.ended).toEqual({ how: "signal", signal: "SIGKILL" });
    });

    it("PLUG-1: starts in the directory that it is given, or in the exec's own", async () => {
      const { launcher, guest } = await stage();
      const program = await launcher.launch({ ...sh("readlink /proc/$$/cwd"), cwd: guest.folder });
      await program.ended;
      expect((await output(program)).stdout).toBe(`${guest.folder}\n`);
    });

    it("LOGS-1: brings all output in order, byte for byte, and goes on from every cursor", async () => {
      const { launcher } = await stage();
      // More than a piece holds, in lines of their own, then a tail without line ending, and odd bytes.
      const script = String.raw`i=0; while [ $i -lt 9000 ]; do echo "line $i"; i=$((i + 1)); done; printf '\000\377\r\nno end'; echo oops >&2`;
      const program = await launcher.launch(sh(script));
      await program.ended;
      const all = await output(program);
      const lines = Array.from({ length: 9_000 }, (_, index) => `line ${index}\n`).join("");
      expect(all.stdout === `${lines}\0\xff\r\nno end`).toBe(true);
      expect(all.stderr).toBe("oops\n");
      expect(all.cursors.length).toBeGreaterThan(2);
      for (const cursor of [all.cursors[0], all.cursors[all.cursors.length >> 1], all.cursors.at(-1)]) {
        const rest = await output(program, cursor);
        expect(all.stdout.endsWith(rest.stdout) && all.stderr.endsWith(rest.stderr)).toBe(true);
        expect(rest.stdout.length + rest.stderr.length).toBeLessThan(all.stdout.length + all.stderr.length);
      }
      expect(await output(program, all.cursors.at(-1))).toEqual({ stdout: "", stderr: "", cursors: [] });
    });

    it("LOGS-1: follows output while it is written", async () => {
      const { launcher, guest } = await stage();
      const program = await launcher.launch(
        sh('echo first; until [ -e "$1/go" ]; do sleep 0.05; done; echo second', guest.folder),
      );
      const first = await output(program, undefined, "first\n");
      expect(first.stdout).toBe("first\n");
      await guest.exec(["touch", `${guest.folder}/go`], {});
      expect((await output(program, first.cursors.at(-1))).stdout).toBe("second\n");
    });

    it(
      "LOGS-4: keeps a bounded amount of what nobody fetches, and says that something is lost",
      { timeout: 60_000 },
      async () => {
        const { launcher, outside } = await stage();
        const program = await launcher.launch(
          sh("dd if=/dev/zero bs=1048576 count=120 2>/dev/null | tr '\\000' 'x'; echo; echo the end"),
        );
        await program.ended;
        const kept = readdirSync(outside).filter((file) => /^stdout\.\d+$/.test(file));
        const bytes = kept
          .map((file) => statSync(join(outside, file)).size)
          .reduce((sum, size) => sum + size, 0);
        expect(bytes).toBeLessThanOrEqual(64 * 1024 * 1024);
        const { stdout } = await output(program);
        expect(
          stdout.startsWith("\n[older stdout is lost: it was written faster than it was fetched]\n"),
        ).toBe(true);
        expect(stdout.endsWith("xx\nthe end\n")).toBe(true);
      },
    );

    it("SESS-8: a stop asks first, then ends everything in the session, whatever its process group", async () => {
      const guest = await make();
      const polite = stageIn(guest);
      const program = await polite.launcher.launch(
        sh('trap "echo asked; exit 3" TERM; echo up; while :; do sleep 0.05; done'),
      );
      await output(program, undefined, "up\n");
      await program.stop({ graceMs: 600_000 });
      expect(await program.ended).toEqual({ how: "exit", code: 3 });
      expect((await output(program)).stdout).toBe("up\nasked\n");
      // Fine for one that has ended.
      await program.stop();

      const marker = `deaf-${Math.random()}`;
      const launcher = shellLauncher({ exec: guest.exec, directory: `${guest.folder}/deaf` });
      const deaf = await launcher.launch(
        // Children that ignore the signal, in the background, one in a process group of its own where job control is had.
        sh(
          `trap "" TERM; sh -c 'trap "" TERM; sleep 100000' ${marker} & sh -c 'sleep 100000' ${marker} & echo up; wait`,
          marker,
        ),
      );
      await output(deaf, undefined, "up\n");
      expect(processesWith(marker)).toBeGreaterThan(1);
      await deaf.stop({ graceMs: 200 });
      expect(await deaf.ended).toEqual({ how: "signal", signal: "SIGKILL" });
      // The supervisor, whose command line has it too, ends when all is noted.
      await expect.poll(() => processesWith(marker)).toBe(0);
    });

    it("a launch whose answer was lost is found again, and nothing is started twice", async () => {
      const { launcher, guest } = await stage();
      const count = sh('echo x >>"$1/starts"; sleep 100000', guest.folder);
      const [first, second] = await Promise.all([launcher.launch(count), launcher.launch(count)]);
      expect(second.pid).toBe(first.pid);
      expect((await launcher.launch(count)).pid).toBe(first.pid);
      // Another provider, after a restart.
      const later = shellLauncher({ exec: guest.exec, directory: `${guest.folder}/plugin one` });
      const found = await later.find();
      expect(found?.pid).toBe(first.pid);
      await expect.poll(() => existsSync(join(guest.outside, "starts"))).toBe(true);
      expect(readFileSync(join(guest.outside, "starts"), "utf8")).toBe("x\n");
      await found?.stop({ graceMs: 0 });
      expect(await first.ended).toEqual({ how: "signal", signal: "SIGKILL" });
      await found?.remove();
      expect(await later.find()).toBeUndefined();
    });

    it(
      "PLUG-7: a launch that is given up leaves nothing, whenever its exec gets to it",
      { timeout: 60_000 },
      async () => {
        const guest = await make();
        const marker = `late-${Math.random()}`;
        for (const delayMs of [0, 5, 20, 60, 300]) {
          // This exec ignores its signal and gets to work late.
          let calls = 0;
          const slow: GuestExec = async (argv, given) => {
            calls += 1;
            if (calls === 1) await delay(delayMs === 300 ? 300 : 0);
            const { stdin, stdout, stderr } = given;
            return guest.exec(argv, {
              ...(stdin && { stdin }),
              ...(stdout && { stdout }),
              ...(stderr && { stderr }),
            });
          };
          const directory = `${guest.folder}/late-${delayMs}`;
          const launcher = shellLauncher({ exec: slow, directory });
          const giveUp = new AbortController();
          const launching = launcher.launch(sh("sleep 100000", marker), giveUp.signal);
          setTimeout(() => giveUp.abort(new Error("nobody wants it")), delayMs === 300 ? 0 : delayMs);
          const outcome = await launching.catch((error: unknown) => error as Error);
          if (outcome instanceof Error) expect(outcome.message).toBe("nobody wants it");
          else await outcome.stop({ graceMs: 0 });
          await delay(delayMs === 300 ? 600 : 0);
          await expect.poll(() => processesWith(marker), { timeout: 20_000 }).toBe(0);
        }
      },
    );

    it("T19: the environment is in no command line and in no file", async () => {
      const { launcher, outside } = await stage();
      const secret = `planted-${Math.random()}`;
      const running = (async () => {
        const program = await launcher.launch({
          ...sh('[ -n "$API_TOKEN" ] && sleep 0.3; exit 3'),
          env: { PATH, API_TOKEN: secret },
        });
        return program.ended;
      })();
      expect(await commandLinesWith(secret, running)).toEqual([]);
      expect(await running).toEqual({ how: "exit", code: 3 });
      expect(statSync(outside).mode & 0o777).toBe(0o700);
      for (const file of readdirSync(outside)) {
        if (file.endsWith(".in")) continue;
        expect(readFileSync(join(outside, file), "utf8")).not.toContain(secret);
      }
    });

    it("an exec that only brings its output at the end will do", async () => {
      const guest = await make();
      const late: GuestExec = async (argv, options) => {
        const kept: [keyof typeof options & ("stdout" | "stderr"), Uint8Array][] = [];
        const ended = await guest.exec(argv, {
          ...options,
          stdout: (bytes) => kept.push(["stdout", bytes]),
          stderr: (bytes) => kept.push(["stderr", bytes]),
        });
        for (const [stream, bytes] of kept) options[stream]?.(bytes);
        return ended;
      };
      const { launcher } = stageIn(guest, late, 0);
      const program = await launcher.launch(sh("echo one; sleep 0.3; echo two; exit 5"));
      expect((await output(program)).stdout).toBe("one\ntwo\n");
      expect(await program.ended).toEqual({ how: "exit", code: 5 });
    });
  });
}

describe.skipIf(!canMakeGuests)("a launcher in a guest whose disk is full", () => {
  it("LOGS-4, SESS-10: loses output and says so, and nothing else", { timeout: 60_000 }, async () => {
    const guest = await busyboxGuest();
    await guest.exec(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", guest.folder], {});
    const { launcher } = stageIn(guest);
    const fill =
      "dd if=/dev/zero bs=65536 count=1600 2>/dev/null | tr '\\000' x; dd if=/dev/zero of=$1/fill 2>/dev/null; exit 3";
    const program = await launcher.launch(sh(fill, guest.folder));
    expect(await program.ended).toEqual({ how: "exit", code: 3 });
    const { stdout } = await output(program);
    expect(stdout).toContain("[older stdout is lost");
    expect(stdout.length).toBeGreaterThan(100_000);
  });
});

describe.skipIf(!has("setsid"))("a launcher and its trouble", () => {
  it("a guest without what it needs is told by name", async () => {
    const guest = localGuest();
    const { launcher } = stageIn(guest, (argv, options) =>
      guest.exec(
        ["env", "PATH=/nowhere", ...argv.map((word) => (word === "/bin/sh" ? "/bin/sh" : word))],
        options,
      ),
    );
    await expect(launcher.launch(sh("true"))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "launch the program in the guest: the guest has no setsid, which the launcher needs",
    });
  });

  it("a directory that is somebody else's is left alone", async () => {
    const guest = localGuest();
    const { launcher } = stageIn(guest);
    await guest.exec(["mkdir", `${guest.folder}/plugin one`], {});
    await expect(launcher.launch(sh("true"))).rejects.toMatchObject({
      message: expect.stringContaining("is there, and holds no program") as unknown,
    });
    expect(() => shellLauncher({ exec: guest.exec, directory: "here" })).toThrow(
      'the launcher\'s directory "here" must be absolute, without a slash at its end',
    );
  });

  it.skipIf(!has("perl"))("SESS-8: a stop also ends what has left the process group", async () => {
    const { launcher } = stageIn(localGuest());
    const marker = `stray-${Math.random()}`;
    const stray = 'setpgrp(0, 0); $SIG{TERM} = "IGNORE"; $| = 1; print "up\\n"; sleep 100000';
    const program = await launcher.launch(sh('perl -e "$1" "$2" & wait', stray, marker));
    await output(program, undefined, "up\n");
    await program.stop({ graceMs: 100 });
    // The supervisor, whose command line has it too, ends when all is noted.
    await expect.poll(() => processesWith(marker)).toBe(0);
  });

  it("a supervisor that is gone says that the program vanished, not how it ended", async () => {
    const guest = localGuest();
    const { launcher, outside } = stageIn(guest);
    const program = await launcher.launch(sh("sleep 100000"));
    const supervisor = readFileSync(join(outside, "pid"), "utf8").split(" ")[2];
    process.kill(Number(supervisor), "SIGKILL");
    expect(await program.ended).toMatchObject({ how: "vanished" });
    await program.stop({ graceMs: 0 });
  });

  it(
    "T2: trouble with the exec passes or rejects, and never makes up an end",
    { timeout: 60_000 },
    async () => {
      const guest = localGuest();
      let isBroken = false;
      let calls = 0;
      const { launcher } = stageIn(
        guest,
        (argv, options) => {
          calls += 1;
          return isBroken ? Promise.reject(new Error("the cloud is down")) : guest.exec(argv, options);
        },
        100,
      );
      const program = await launcher.launch(sh("sleep 100000"));
      isBroken = true;
      const before = calls;
      const { ended } = program;
      await expect.poll(() => calls).toBeGreaterThan(before + 1);
      isBroken = false;
      const other = await launcher.find();
      isBroken = true;
      await expect(other?.ended).rejects.toThrow("watch the program: the cloud is down");
      isBroken = false;
      const again = await launcher.find();
      await again?.stop({ graceMs: 0 });
      expect(await again?.ended).toEqual({ how: "signal", signal: "SIGKILL" });
      await Promise.allSettled([ended]);
    },
  );

  it("T18: an exec that never answers ends each call in time", async () => {
    const hanging: GuestExec = () => new Promise(() => undefined);
    const launcher = shellLauncher({ exec: hanging, directory: "/tmp/none", timeoutMs: 30 });
    await expect(launcher.launch(sh("true"))).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "launch the program: no answer from the guest in 30 ms",
    });
    await expect(launcher.find()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const patient = shellLauncher({ exec: hanging, directory: "/tmp/none" });
    const cancel = new AbortController();
    const finding = patient.find(cancel.signal);
    cancel.abort(new Error("enough"));
    await expect(finding).rejects.toThrow("enough");
  });

  it("a watch that is detached asks no more, and leaves the program alone", async () => {
    const guest = localGuest();
    const { launcher } = stageIn(guest);
    const program = await launcher.launch(sh("sleep 100000"));
    const { ended } = program;
    program.detach();
    await expect(ended).rejects.toThrow("no longer watched");
    const found = await launcher.find();
    expect(found?.pid).toBe(program.pid);
    await found?.stop({ graceMs: 0 });
  });

  it("a cursor that is none is told", async () => {
    const { launcher } = stageIn(localGuest());
    const program = await launcher.launch(sh("true"));
    await expect(output(program, "bogus")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await program.ended;
  });
});
