import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import type { ContainmentKind } from "../../src/processes/index.js";
import { readStat } from "../../src/processes/process-info.js";
import {
  describeKinds,
  endOf,
  familyArgs,
  familyIsUp,
  holdersOf,
  mentionsOf,
  newToken,
  path,
  startFixture,
  until,
} from "./support.js";

const nobody = 65_534;
const users = process.getuid?.() === 0 ? [undefined, nobody] : [undefined];

interface Owner {
  readonly child: ReturnType<typeof startFixture>;
  readonly pid: number;
  readonly marker: string | undefined;
}

const owners: Owner[] = [];
afterEach(() => {
  for (const { child } of owners.splice(0)) child.kill("SIGKILL");
});

async function own(kind: ContainmentKind, args: string[], user?: number, more: object = {}): Promise<Owner> {
  const wish = { kind, command: "/bin/sh", args, env: path, ...more };
  const child = startFixture("tree-owner", [JSON.stringify(wish)], {}, user);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const owner = { child, ...(JSON.parse(line.toString()) as { pid: number; marker?: string }) };
  owners.push({ ...owner, marker: owner.marker });
  return { ...owner, marker: owner.marker };
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
    await until("it is stopped", () => readStat(owner.pid)?.state === "T");
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
