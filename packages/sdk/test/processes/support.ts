import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { detectContainment, type ContainmentKind } from "../../src/processes/index.js";
import { allProcessIds, hasEnded, readStat } from "../../src/processes/process-info.js";

const { kind: best, reason } = await detectContainment();

/** Runs the tests for each kind of tree; where this machine can't make PID namespaces, the report says why. */
export function describeKinds(name: string, tests: (kind: ContainmentKind) => void): void {
  const able = best === "pid-namespace";
  describe(`${name} (process-group)`, () => tests("process-group"));
  describe.runIf(able)(`${name} (pid-namespace${able ? "" : `: ${reason ?? ""}`})`, () =>
    tests("pid-namespace"),
  );
}

export const canNamespace = best === "pid-namespace";

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../.fixtures/${name}.mjs`, import.meta.url));
}

/** A number of seconds that no other process on this machine sleeps for. */
export function newToken(): string {
  return `86400.${Math.floor(Math.random() * 1e12)}`;
}

/** The ids of the living processes that sleep for the token, or are a shell that was given it. */
export function holdersOf(token: string): number[] {
  return commandLines().flatMap(({ pid, words: [command = "", ...args] }) =>
    args.includes(token) && /(^|\/)(sh|sleep)$/.test(command) ? [pid] : [],
  );
}

/** The ids of all living processes, the tools between this process and the tree's included, that name the token. */
export function mentionsOf(token: string): number[] {
  return commandLines().flatMap(({ pid, words }) => (words.includes(token) ? [pid] : []));
}

function commandLines(): { readonly pid: number; readonly words: string[] }[] {
  return allProcessIds().flatMap((pid) => {
    const stat = readStat(pid);
    if (stat === undefined || hasEnded(stat)) return [];
    try {
      return [{ pid, words: readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0") }];
    } catch {
      return [];
    }
  });
}

export async function until(what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await delay(10);
  }
}

/**
 * A shell that starts a plain child, one in a session of its own, a daemon (its parent is gone), one with an
 * empty environment in its own group, and one that ignores SIGTERM, and then waits. `$1` is the token.
 */
export const family = `
sleep $1 &
setsid sleep $1 &
(setsid sh -c 'sleep $0 & exit' $1 &)
env -i sleep $1 &
(trap "" TERM; exec sleep $1) &
echo ready
wait
`;

/** Resolves when all five sleep, and the daemon's shell is gone. */
export async function familyIsUp(token: string): Promise<void> {
  await until(`five sleepers and their shell: ${token}`, () => holdersOf(token).length === 6);
}

export function familyArgs(token: string, before = ""): string[] {
  return ["-c", `${before}\n${family}`, "family", token];
}

export const path = { PATH: "/usr/bin:/bin" };

export async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** Resolves when the stream has given the line. */
export async function lineOf(stream: Readable, line: string): Promise<void> {
  let text = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes(`${line}\n`)) return;
  }
  throw new Error(`the output ended without ${line}: ${text}`);
}

/** Starts a fixture with Node, with a planted secret in its environment. */
export function startFixture(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [fixture(name), ...args], {
    env: { ...path, PLANTED_SECRET: "operator-secret", ...env },
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

export async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
