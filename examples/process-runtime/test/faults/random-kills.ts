import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { fixturePlugin, type ProviderInstance } from "@gestalt-runtime/testkit";
import { expect } from "vitest";
import { findHierarchies } from "../../src/limits/hierarchies.js";
import { isolated } from "../isolation/support.js";
import { processesNaming, stillRuns, treesOf, type SeenProcess } from "../processes.js";
import { randomFrom } from "../random.js";
import {
  dial,
  processesOf,
  program,
  startRuntime,
  startSession,
  testDirectory,
  type Plugin,
} from "../support.js";

export const victims = ["host", "provider", "plugin", "socat", "bwrap"] as const;
export type Victim = (typeof victims)[number];

const lifeOfHost = fileURLToPath(new URL("../.fixtures/host-of-one-life.mjs", import.meta.url));
const lookMs = 5;
const limits = { memoryBytes: 2 ** 30, processes: 200 };

/** Who was killed how often; the rest of the rounds were over before their victim was there. */
export type Killed = Record<Victim, number>;

/**
 * Kills one process at a random moment of a session's life, again and again, while a second instance of the provider has a
 * session. After each time, the next instance starts, finds nothing left but the second one's, and hosts a plugin.
 */
export async function killAtRandomMoments(rounds: number, seed: number): Promise<Killed> {
  const random = randomFrom(seed);
  const directory = await testDirectory();
  const stateDir = join(directory, "state");
  const config = { ...isolated, stateDir, limits };
  const second = await startRuntime(directory, config);
  const bystander = new Bystander(second, await host(second), stateDir);
  const mountsBefore = mounts();
  const killed: Killed = { host: 0, provider: 0, plugin: 0, socat: 0, bwrap: 0 };
  const began = performance.now();
  await new Life(directory, config).end();
  const lifeMs = performance.now() - began;
  for (let round = 0; round < rounds; round += 1) {
    const victim = victims[round % victims.length] ?? "host";
    const life = new Life(directory, config);
    const hit = await life.kill(victim, random() * lifeMs, random());
    if (hit) killed[victim] += 1;
    await life.end();
    const what = `round ${round}, seed ${seed}: ${victim}`;
    await expect.poll(() => life.left(), { message: what, timeout: 20_000 }).toEqual([]);

    const next = await startRuntime(directory, config);
    const { execute, close, sessionId } = await host(next);
    expect(await execute("echo", { round }), what).toEqual({ round });
    close();
    await next.runtime.stopSession({ sessionId });
    const own = processesOf(next);
    expect(await next.shutdown(), what).toMatchObject({ code: 0, killed: false });
    expect(own.filter(stillRuns), what).toEqual([]);

    expect(bystander.othersState(), what).toEqual([]);
    const cgroups = await cgroupsOf(life.instances);
    expect(
      cgroups.filter((path) => !path.endsWith(bystander.instance)),
      what,
    ).toEqual([]);
    expect(
      socketsBelow(stateDir).filter((path) => !bystander.owns(path)),
      what,
    ).toEqual([]);
    expect(mounts(), what).toEqual(mountsBefore);
    expect(bystander.othersProcesses(directory), what).toEqual([]);
    await bystander.provesItself(round);
    await life.removeHostFolders();
  }
  await second.shutdown();
  await rm(stateDir, { recursive: true, force: true });
  return killed;
}

async function host(provider: ProviderInstance): Promise<Plugin> {
  const sessionId = await startSession(provider);
  const request = { sessionId, pluginName: "example", defaultAction: "deny", ...fixturePlugin() };
  return dial(sessionId, (await provider.runtime.startPlugin(request)).dialTarget);
}

/** A host from its start to its end, with all processes that were ever seen below it. */
class Life {
  readonly instances = new Set<string>();
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #folder: string;
  readonly #stateDir: string;
  readonly #seen = new Map<string, SeenProcess>();
  readonly #markers = new Set<string>();
  /** Those of instances that were there before. */
  readonly #foreign: ReadonlySet<string>;
  #isOver = false;

  constructor(directory: string, config: { readonly stateDir: string }) {
    this.#folder = join(directory, "host");
    this.#stateDir = config.stateDir;
    const there = namesIn(this.#stateDir).map((name) => textOf(join(this.#stateDir, name, "marker")));
    this.#foreign = new Set(there);
    mkdirSync(this.#folder, { recursive: true });
    const args = [program, this.#folder, JSON.stringify(config), JSON.stringify(fixturePlugin())];
    this.#child = spawn(process.execPath, [lifeOfHost, ...args], {
      env: { PATH: process.env.PATH },
      stdio: "ignore",
    });
    this.#ended = once(this.#child, "exit").then(() => (this.#isOver = true));
  }

  /** Kills one of a kind, at the moment or as soon as there is one; false where the life was over before. */
  async kill(victim: Victim, atMs: number, choice: number): Promise<boolean> {
    const moment = performance.now() + atMs;
    while (!this.#isOver) {
      const candidates = this.#look().filter((one) => this.#kindOf(one) === victim);
      const one = candidates[Math.floor(choice * candidates.length)];
      if (performance.now() >= moment && one !== undefined) {
        process.kill(one.pid, "SIGKILL");
        return true;
      }
      await delay(lookMs);
    }
    return false;
  }

  /** Resolves when the host has ended, as it does by itself. */
  async end(): Promise<void> {
    while (!this.#isOver) {
      this.#look();
      await Promise.race([delay(50), this.#ended]);
    }
  }

  /** What was seen below the host, or carries its provider's marks, and still runs. */
  left(): string[] {
    const marked = [...this.#markers].flatMap(processesNaming).map((pid) => `process ${pid} (marked)`);
    const seen = [...this.#seen.values()].filter(stillRuns);
    return [...marked, ...seen.map(({ pid, name }) => `process ${pid} (${name})`)];
  }

  /** A host that was killed leaves its own folders: they are nobody else's to remove. */
  async removeHostFolders(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #look(): SeenProcess[] {
    const all = treesOf([this.#child.pid ?? 0]);
    for (const one of all) this.#seen.set(`${one.pid} ${one.startTicks}`, one);
    for (const name of namesIn(this.#stateDir)) {
      this.instances.add(name.replace(/\.lock$/, ""));
      const marker = textOf(join(this.#stateDir, name, "marker"));
      if (marker !== "" && !this.#foreign.has(marker)) this.#markers.add(marker);
    }
    return all;
  }

  #kindOf({ pid, parent, name }: SeenProcess): Victim | undefined {
    if (pid === this.#child.pid) return "host";
    if (parent === this.#child.pid) return "provider";
    if (name === "socat" || name === "bwrap") return name;
    return textOf(`/proc/${pid}/cmdline`).includes(fixturePlugin().command) ? "plugin" : undefined;
  }
}

/** The second instance: what it has stays as it is. */
class Bystander {
  readonly instance: string;
  readonly #files: string[];

  constructor(
    private readonly provider: ProviderInstance,
    private readonly plugin: Plugin,
    private readonly stateDir: string,
  ) {
    [this.instance = ""] = namesIn(stateDir).filter((name) => /^[\da-f]{8}$/.test(name));
    this.#files = this.#look();
  }

  owns(path: string): boolean {
    // Its lock has a name before that name.
    const own = [this.instance, `~${this.instance}`].map((name) => join(this.stateDir, name));
    return own.some((start) => path.startsWith(start));
  }

  /** What is in the state's folder and not its own. */
  othersState(): string[] {
    return namesIn(this.stateDir).filter((name) => !name.startsWith(this.instance));
  }

  /** Processes that name the test's folder and are none of its own. */
  othersProcesses(directory: string): number[] {
    const own = new Set(processesOf(this.provider).map(({ pid }) => pid));
    return processesNaming(directory).filter((pid) => !own.has(pid));
  }

  async provesItself(round: number): Promise<void> {
    expect(this.#look()).toEqual(this.#files);
    expect(await this.plugin.execute("echo", { round })).toEqual({ round });
    const { sessionId, dialTarget } = this.plugin;
    const again = dial(sessionId, dialTarget);
    expect(await again.execute("echo", { again: round })).toEqual({ again: round });
    again.close();
    expect((await this.provider.runtime.getSession({ sessionId })).state).toBe("running");
  }

  #look(): string[] {
    const folder = join(this.stateDir, this.instance);
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => `${name} ${lstatSync(join(folder, name)).ino}`)
      .sort();
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

const mounts = (): string[] => readFileSync("/proc/self/mountinfo", "utf8").split("\n").sort();

function socketsBelow(folder: string): string[] {
  return readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .flatMap((line) => /\S*$/.exec(line)?.[0] ?? [])
    .filter((path) => path.startsWith(folder));
}

async function cgroupsOf(instances: Iterable<string>): Promise<string[]> {
  const names = new Set([...instances].map((name) => `gestalt-${name}`));
  const hierarchies = await findHierarchies();
  return hierarchies
    .flatMap(({ parent }) => namesIn(parent).map((name) => join(parent, name)))
    .filter((path) => names.has(basename(path)));
}
