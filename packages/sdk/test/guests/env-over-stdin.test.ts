import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { envOverStdin } from "../../src/guests/index.js";
import type { StringMap } from "../../src/provider/types.js";
import {
  busyboxGuest,
  canMakeGuests,
  commandLinesWith,
  finish,
  has,
  localGuest,
  type Finished,
  type Guest,
} from "./guest.js";

interface Shell {
  readonly name: string;
  readonly isThere: boolean;
  readonly shell: string;
  readonly guest: () => Guest | Promise<Guest>;
  /** What it adds, whatever one does. */
  readonly own: readonly string[];
}

/** bash is a POSIX shell under this name alone. */
const bashAsSh = join(mkdtempSync("/tmp/gu-"), "sh");
symlinkSync("/bin/bash", bashAsSh);
afterAll(() => rmSync(dirname(bashAsSh), { recursive: true }));

const shells: Shell[] = [
  { name: "dash", isThere: has("dash"), shell: "/usr/bin/dash", guest: localGuest, own: [] },
  { name: "bash", isThere: has("bash"), shell: bashAsSh, guest: localGuest, own: ["SHLVL", "_"] },
  {
    name: "busybox in a guest of its own",
    isThere: canMakeGuests,
    shell: "/bin/sh",
    guest: busyboxGuest,
    own: [],
  },
];

/** Everything that a shell could take for something else. */
const awkward: StringMap = {
  PATH: "/usr/bin:/bin",
  EMPTY: "",
  SPACES: "  leading and trailing  ",
  LINES: "\nfirst\n\nlast\n",
  QUOTES: `it's "quoted" \`twice\``,
  EXPANSIONS: "$HOME ${HOME} $(id) `id` $((1 + 1)) !! ~ * ? [a-z]",
  SLASHES: "\\ \\\\ \\n \\' \\",
  EVERY_ASCII: String.fromCharCode(...Array.from({ length: 127 }, (_, index) => index + 1)),
  LETTERS: "Ünïcödé ÁÂÃÄÅÆÇÈ 漢字 🦀 \u0080\u0081\u0088\u00ff\uffff",
  JSON: JSON.stringify({ a: ["b", 'c"d'] }),
  IFS: "x=",
  PWD: "/nowhere",
  LONG: "'x".repeat(50_000),
  _lower: "=starts with an equals sign",
};

async function run(
  { guest, shell }: Shell,
  env: StringMap,
  argv: readonly string[],
  cwd?: string,
): Promise<Finished> {
  const { exec } = await guest();
  const start = envOverStdin(env, argv, { shell, ...(cwd !== undefined && { cwd }) });
  return finish(exec, start.argv, start.stdin);
}

/** As the kernel has it. */
function environ({ stdout }: Finished): StringMap {
  const entries: string[] = stdout.toString().split("\0").slice(0, -1);
  return Object.fromEntries(
    entries.map((entry): [string, string] => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

for (const shell of shells) {
  describe.skipIf(!shell.isThere)(`envOverStdin with ${shell.name}`, () => {
    it("PLUG-2: the program has exactly this environment, byte for byte", async () => {
      const done = await run(shell, awkward, ["cat", "/proc/self/environ"]);
      expect(done).toMatchObject({ ended: { how: "exit", code: 0 }, stderr: "" });
      const found = environ(done);
      const rest = Object.entries(found).filter(([name]) => name in awkward || !shell.own.includes(name));
      expect(Object.fromEntries(rest)).toEqual(awkward);
    });

    it("PLUG-2: an empty environment is empty, and the command is still found", async () => {
      const done = await run(shell, {}, ["cat", "/proc/self/environ"]);
      expect(Object.keys(environ(done)).filter((name) => !shell.own.includes(name))).toEqual([]);
      expect(done.ended).toEqual({ how: "exit", code: 0 });
    });

    it("PLUG-1: arguments arrive as they are: none split, trimmed, dropped or expanded", async () => {
      const args = [
        "",
        " ",
        "a b",
        "-n",
        "--",
        "$HOME",
        "$(id)",
        "`id`",
        "'",
        '"',
        "\\",
        "\n",
        "*",
        "~",
        "é漢🦀",
        "",
      ];
      const print = ["sh", "-c", String.raw`for word; do printf '%s\0' "$word"; done`, "sh"];
      const { stdout } = await run(shell, awkward, [...print, ...args]);
      expect(stdout.toString().split("\0").slice(0, -1)).toEqual(args);
    });

    it("the program's stdin is empty, and its exit code its own", async () => {
      const env = { PATH: "/usr/bin:/bin" };
      expect((await run(shell, env, ["sh", "-c", "cat; exit 7"])).ended).toEqual({ how: "exit", code: 7 });
      expect((await run(shell, env, ["readlink", "/proc/self/fd/0"])).stdout.toString()).toBe("/dev/null\n");
    });

    it("PLUG-6: a program that is not there is told by the shell's codes", async () => {
      expect(await run(shell, { PATH: "/bin" }, ["no-such-program"])).toMatchObject({
        ended: { how: "exit", code: 127 },
        stderr: expect.stringContaining("no-such-program") as unknown,
      });
      expect((await run(shell, { PATH: "/bin" }, ["/dev/null"])).ended).toEqual({ how: "exit", code: 126 });
    });

    it("a working directory is entered, or nothing is started", async () => {
      const guest = await shell.guest();
      const cwd = join(guest.folder, "it's a  folder");
      mkdirSync(join(guest.outside, "it's a  folder"));
      const env = { PATH: "/usr/bin:/bin", CDPATH: "/" };
      const start = envOverStdin(env, ["readlink", "/proc/self/cwd"], { shell: shell.shell, cwd });
      expect((await finish(guest.exec, start.argv, start.stdin)).stdout.toString()).toBe(`${cwd}\n`);
      const missing = envOverStdin(env, ["echo", "started"], { shell: shell.shell, cwd: "/no/such/folder" });
      expect(await finish(guest.exec, missing.argv, missing.stdin)).toMatchObject({
        ended: { how: "exit", code: 125 },
        stdout: Buffer.alloc(0),
      });
    });

    it(
      "PLUG-2: an environment that arrives cut off, wherever, starts nothing",
      { timeout: 120_000 },
      async () => {
        const guest = await shell.guest();
        const mark = join(guest.folder, "started");
        const env = { PATH: "/usr/bin:/bin", ONE: "it's\n1", TWO: "2\n\n" };
        const { argv, stdin } = envOverStdin(env, ["touch", mark], { shell: shell.shell });
        const ends = Array.from({ length: stdin.length }, (_, index) => index).filter(
          (index) => index % 7 === 0 || index > stdin.length - 30,
        );
        for (const end of ends) {
          const { ended } = await finish(guest.exec, argv, stdin.subarray(0, end));
          expect({ end, ended, started: existsSync(join(guest.outside, "started")) }).not.toMatchObject({
            ended: { code: 0 },
          });
          expect(existsSync(join(guest.outside, "started"))).toBe(false);
        }
        await finish(guest.exec, argv, stdin);
        expect(existsSync(join(guest.outside, "started"))).toBe(true);
      },
    );

    it("PLUG-2: a name that the shell keeps for itself arrives as it is, or nothing is started", async () => {
      const guest = await shell.guest();
      const names = [
        "_",
        "OPTIND",
        "PPID",
        "UID",
        "EUID",
        "LINENO",
        "RANDOM",
        "SECONDS",
        "SHLVL",
        "FUNCNAME",
      ];
      for (const name of [...names, "GROUPS", "BASH_VERSION", "BASHOPTS", "HISTCMD", "DIRSTACK", "OLDPWD"]) {
        const env = { PATH: "/usr/bin:/bin", [name]: "12345" };
        const { argv, stdin } = envOverStdin(env, ["cat", "/proc/self/environ"], { shell: shell.shell });
        const done = await finish(guest.exec, argv, stdin);
        if (done.ended.how === "exit" && done.ended.code === 0) expect(environ(done)).toMatchObject(env);
        else
          expect(done).toMatchObject({
            stdout: Buffer.alloc(0),
            stderr: expect.stringMatching(/./) as unknown,
          });
      }
    });

    it("T19: nothing of the environment is in any command line, from start to end", async () => {
      const secret = `planted-${Math.random()}`;
      const env = { PATH: "/usr/bin:/bin", API_TOKEN: secret };
      const running = run(shell, env, ["sh", "-c", 'sleep 0.3; [ -n "$API_TOKEN" ] && exit 3']);
      expect(await commandLinesWith(secret, running)).toEqual([]);
      expect((await running).ended).toEqual({ how: "exit", code: 3 });
      // The watch itself: what is in an argument is found.
      const { exec } = await shell.guest();
      const careless = finish(exec, ["sh", "-c", "sleep 0.3", secret]);
      expect(await commandLinesWith(secret, careless)).not.toEqual([]);
    });
  });
}

describe("what envOverStdin refuses", () => {
  const refusal = (env: StringMap, argv: readonly string[], cwd?: string): unknown => {
    try {
      envOverStdin(env, argv, cwd === undefined ? {} : { cwd });
      return undefined;
    } catch (error) {
      return `${(error as { code: string }).code}: ${(error as Error).message}`;
    }
  };

  it("PLUG-1, PLUG-2: is named by its field, never with the value", () => {
    expect(refusal({ "my-var": "secret" }, ["x"])).toBe(
      'INVALID_ARGUMENT: the environment variable "my-var" can\'t be passed on by a shell; use letters, digits and _, with no digit first',
    );
    for (const name of ["1ST", "", "A B", "A=B", "É", "A\nB"])
      expect(refusal({ [name]: "" }, ["x"])).toContain(JSON.stringify(name));
    expect(refusal({ TOKEN: "secret\0" }, ["x"])).toBe(
      "INVALID_ARGUMENT: the environment variable TOKEN has a NUL byte in its value",
    );
    expect(refusal({}, [])).toBe("INVALID_ARGUMENT: the command is empty");
    expect(refusal({}, ["", "a"])).toBe("INVALID_ARGUMENT: the command is empty");
    expect(refusal({}, ["-x"])).toBe(
      'INVALID_ARGUMENT: the command "-x" begins with "-", which shells take for an option',
    );
    expect(refusal({}, ["x", "a\0b"])).toContain("NUL byte");
    expect(refusal({}, ["x"], "here")).toBe('INVALID_ARGUMENT: cwd "here" is not absolute');
  });
});
