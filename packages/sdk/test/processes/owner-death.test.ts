import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { ContainmentKind } from "../../src/processes/index.js";
import { readStat } from "../../src/processes/process-info.js";
import {
  describeKinds,
  endOf,
  familyArgs,
  familyIsUp,
  fixture,
  holdersOf,
  mentionsOf,
  newToken,
  path,
  until,
} from "./support.js";

const nobody = 65_534;
const users = process.getuid?.() === 0 ? [undefined, nobody] : [undefined];

interface Owner {
  readonly child: ChildProcess;
  readonly pid: number;
}

/** Where the other user may run it: the checkout and Node.js itself may be this user's alone. */
let reachable: { readonly folder: string; readonly node: string; readonly script: string } | undefined;
beforeAll(async () => {
  if (users.length === 1) return;
  const folder = await mkdtemp(join(tmpdir(), "tree-owner-"));
  await chmod(folder, 0o755);
  const copy = async (file: string, name: string): Promise<string> => {
    await copyFile(file, join(folder, name));
    await chmod(join(folder, name), 0o755);
    return join(folder, name);
  };
  const node = (await canRun(process.execPath)) ? process.execPath : await copy(process.execPath, "node");
  reachable = { folder, node, script: await copy(fixture("tree-owner"), "tree-owner.mjs") };
});
afterAll(async () => {
  if (reachable !== undefined) await rm(reachable.folder, { recursive: true });
});

async function canRun(file: string): Promise<boolean> {
  const child = spawn(file, ["--version"], { uid: nobody, gid: nobody, cwd: "/", stdio: "ignore" });
  return once(child, "exit").then(
    () => true,
    () => false,
  );
}

const owners: Owner[] = [];
afterEach(() => {
  for (const { child } of owners.splice(0)) child.kill("SIGKILL");
});

async function own(kind: ContainmentKind, args: string[], user?: number, more: object = {}): Promise<Owner> {
  const wish = { kind, command: "/bin/sh", args, env: path, ...more };
  const { node, script } = reachable ?? { node: process.execPath, script: fixture("tree-owner") };
  const child = spawn(node, [script, JSON.stringify(wish)], {
    ...(user === undefined ? {} : { uid: user, gid: user }),
    env: path,
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child, "spawn");
  const ended = once(child, "exit").then(() =>
    Promise.reject(new Error("the owner ended before it was ready")),
  );
  const [line] = (await Promise.race([once(child.stdout, "data"), ended])) as [Buffer];
  ended.catch(() => undefined);
  const owner = { child, ...(JSON.parse(line.toString()) as { pid: number }) };
  owners.push(owner);
  return owner;
}

describeKinds("the owner's end", (kind) => {
  // With its environment cleared and its group left, a process is out of a process group's reach: see the docs.
  it.each(users)("PROC-8: SIGKILL leaves no process of the tree (uid %s)", async (user) => {
    const token = newToken();
    const owner = await own(kind, familyArgs(token), user);
    await familyIsUp(token);
    owner.child.kill("SIGKILL");
    await endOf(owner.child);
    await until("all sleepers gone", () => holdersOf(token).length === 0, 2_000);
  });

  it.each(users)("PROC-8: SIGKILL leaves no stopped program (uid %s)", async (user) => {
    const token = newToken();
    const owner = await own(kind, ["-c", "sleep $0 & sleep $0", token], user);
    await until("sleepers and their shell", () => holdersOf(token).length === 3);
    process.kill(-owner.pid, "SIGSTOP");
    // D: a shell in vfork waits, not to be disturbed, for a child that was stopped before its exec.
    await until("it is stopped", () => ["T", "D"].includes(readStat(owner.pid)?.state ?? ""));
    owner.child.kill("SIGKILL");
    await endOf(owner.child);
    await until("all of it gone", () => mentionsOf(token).length === 0, 2_000);
  });

  it("PROC-8: process.exit leaves no process either", async () => {
    const token = newToken();
    const owner = await own(kind, familyArgs(token), undefined, { exit: true });
    await endOf(owner.child);
    await until("all sleepers gone", () => holdersOf(token).length === 0, 2_000);
    expect(owner.child.exitCode).toBe(0);
  });
});
