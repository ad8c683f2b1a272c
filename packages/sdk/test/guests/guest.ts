import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { Duplex, Readable } from "node:stream";
import { onTestFinished } from "vitest";
import type { GuestExec, GuestExecStream } from "../../src/guests/index.js";
import type { Ended } from "../../src/sessions/guest.js";

/** Somewhere that offers nothing but running programs. */
export interface Guest {
  /** Takes no environment: each program gets the guest's own. */
  readonly exec: GuestExec;
  readonly stream: GuestExecStream;
  /** An empty folder in the guest, and where it is seen from here. */
  readonly folder: string;
  readonly outside: string;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync("/tmp/gu-");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function has(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)));
}

/** What a guest's programs find in their environment. */
const guestEnv = { PATH: process.env.PATH ?? "", GUEST_OWN: "the guest's own" };

/** This machine with its own tools; `/bin/sh` is dash on Debian. */
export function localGuest(): Guest {
  const folder = temporaryFolder();
  return { ...execs([], folder), folder, outside: folder };
}

/** Root may make namespaces; elsewhere tests that want them are skipped, and shown so. */
export const canMakeGuests = process.getuid?.() === 0 && has("busybox") && has("unshare") && has("nsenter");

/**
 * A guest of busybox and nothing else, in mount and process namespaces and a root of its own. Its first process reaps
 * nothing, as in many containers, and its exec can't end what it has started.
 */
export async function busyboxGuest(): Promise<Guest> {
  const root = mkdtempSync("/tmp/gu-");
  const folder = "/tmp/it";
  for (const name of ["bin", "proc", "dev", folder]) mkdirSync(join(root, name), { recursive: true });
  const busybox = execFileSync("sh", ["-c", "command -v busybox"]).toString().trim();
  copyFileSync(busybox, join(root, "bin/busybox"));
  for (const library of libraries(busybox)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  for (const applet of execFileSync(busybox, ["--list"]).toString().trim().split("\n"))
    if (applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
  const holder = spawn(
    "unshare",
    [
      ...["--mount", "--pid", "--fork", "--kill-child", "sh", "-c"],
      `mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" /bin/sleep 100000`,
      root,
    ],
    { stdio: "ignore" },
  );
  onTestFinished(async () => {
    holder.kill("SIGKILL");
    await new Promise((resolve) => holder.once("close", resolve));
    rmSync(root, { recursive: true, force: true });
  });
  const first = await childIn(holder.pid ?? 0, root);
  const enter = ["nsenter", "--target", first, "--mount", "--pid", "--root", "--wd", "--"];
  return { ...execs(enter, "/"), folder, outside: join(root, folder) };
}

/** The child of a process, once it is in its root: before that it is in this machine's. */
async function childIn(pid: number, root: string): Promise<string> {
  for (;;) {
    const child = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    if (child !== "" && readlinkSync(`/proc/${child}/root`) === root) return child;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function libraries(program: string): string[] {
  const listed = execFileSync("ldd", [program]).toString();
  return listed.match(/\/\S+/g) ?? [];
}

function execs(enter: readonly string[], cwd: string): Pick<Guest, "exec" | "stream"> {
  const run = ([program = "", ...args]: readonly string[]): ChildProcess => {
    const child = spawn(program, args, { cwd, env: guestEnv });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
  const exec: GuestExec = (argv, { stdin = "", stdout, stderr, signal }) =>
    new Promise((resolve, reject) => {
      const child = run([...enter, ...argv]);
      child.stdout?.on("data", (bytes: Buffer) => stdout?.(bytes));
      child.stderr?.on("data", (bytes: Buffer) => stderr?.(bytes));
      child.once("error", reject);
      child.once("close", (code, signalName) => resolve(endedWith(code, signalName)));
      child.stdin?.on("error", () => undefined);
      if (stdin instanceof Readable) stdin.pipe(child.stdin as NodeJS.WritableStream);
      else child.stdin?.end(stdin);
      const kill = (): void => void child.kill("SIGKILL");
      if (signal?.aborted === true) kill();
      else signal?.addEventListener("abort", kill, { once: true });
    });
  const stream: GuestExecStream = (argv, { signal }) => {
    const child = run([...enter, ...argv]);
    const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin } as {
      readable: Readable;
      writable: NodeJS.WritableStream;
    });
    let said = "";
    child.stderr?.on("data", (bytes: Buffer) => (said += bytes.toString()));
    child.once("close", (code) => {
      if (code !== 0) duplex.destroy(new Error(`exit code ${code}: ${said}`));
    });
    duplex.once("close", () => {
      // What was written last may not have been read yet.
      if (!duplex.readableEnded || !duplex.writableFinished) child.kill("SIGKILL");
    });
    signal.addEventListener("abort", () => duplex.destroy(signal.reason as Error), { once: true });
    return Promise.resolve(duplex);
  };
  return { exec, stream };
}

/** As `stream` does, over pipes; where Node.js starts a program itself it gives it sockets. */
export function pipeStream({ exec, outside, folder }: Guest): GuestExecStream {
  return (argv, { signal }) => {
    execFileSync("mkfifo", [join(outside, "in"), join(outside, "out")]);
    void exec(["sh", "-c", 'cd "$1" && shift && exec "$@" <in >out', "sh", folder, ...argv], { signal });
    const readable = createReadStream(join(outside, "out"));
    return Promise.resolve(Duplex.from({ readable, writable: createWriteStream(join(outside, "in")) }));
  };
}

function endedWith(code: number | null, signal: NodeJS.Signals | null): Ended {
  return code === null ? { how: "signal", signal: signal ?? "?" } : { how: "exit", code };
}

export interface Finished {
  readonly ended: Ended;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function finish(
  exec: GuestExec,
  argv: readonly string[],
  stdin?: Uint8Array | string,
): Promise<Finished> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const ended = await exec(argv, {
    ...(stdin !== undefined && { stdin }),
    stdout: (bytes) => out.push(Buffer.from(bytes)),
    stderr: (bytes) => err.push(Buffer.from(bytes)),
  });
  return { ended, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() };
}

/** Watches the command lines of all processes of this machine, and of its guests, for a text. */
export async function commandLinesWith(secret: string, work: Promise<unknown>): Promise<string[]> {
  const found = new Set<string>();
  const state = { isOver: false };
  const over = work.finally(() => (state.isOver = true));
  let looks = 0;
  while (!state.isOver) {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (line.includes(secret)) found.add(line.replaceAll("\0", " "));
      } catch {
        // It has ended in the meantime.
      }
    }
    looks += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await over;
  if (looks < 2) throw new Error("too quick to have been watched");
  return [...found];
}

/** A program file in the guest. */
export function putProgram(guest: Guest, name: string, text: string): string {
  writeFileSync(join(guest.outside, name), text, { mode: 0o755 });
  return join(guest.folder, name);
}
