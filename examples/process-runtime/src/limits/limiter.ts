import { spawn } from "node:child_process";
import { once } from "node:events";
import { RuntimeProviderError, type Ended } from "@gestalt-runtime/sdk";
import { findTool } from "@gestalt-runtime/sdk/processes";
import { findHierarchies } from "./hierarchies.js";
import { InstanceCgroups, type SessionCgroups } from "./instance-cgroups.js";
import { launcher } from "./launcher.js";
import { controllers, type PluginLimits } from "./plugin-limits.js";

const keys = ["memoryBytes", "cpus", "processes", "openFiles"] as const;
const provenBy = 7;

/** What a limiter is made for. */
export interface LimiterOptions {
  /** The instance's own directory. */
  readonly instancePath: string;
  /** All that a session may be given: the default's, and each template's. */
  readonly wanted: readonly PluginLimits[];
  /** A cgroup below the top of each hierarchy in which this user may make others. Default: this process's own. */
  readonly cgroupParent?: string;
  /** `required`: a limit that can't be kept refuses the configuration. `auto`: it is said, and left out. */
  readonly enforcement: "required" | "auto";
  readonly warn: (text: string) => void;
}

/** One session's limits, as they are kept while it lives. */
export interface SessionLimiter {
  /** A program with arguments that sets the limits and then becomes the program after them; empty where there is none. */
  readonly launcher: readonly string[];
  /**
   * Tells a program's end as that of a limit, where one has ended it.
   *
   * @param say takes a line about a limit that may have had to do with it
   */
  explain(ended: Ended, say: (text: string) => void): Promise<Ended>;
  /** Frees what was made; what still runs in it is killed. */
  close(): Promise<void>;
}

/** Keeps sessions to their limits: by cgroups where they can be had, and by limits that processes hand down. */
export class Limiter {
  private constructor(
    private readonly cgroups: InstanceCgroups | undefined,
    private readonly shell: string,
  ) {}

  /**
   * Finds out what can be kept, by starting a program under each set of limits.
   *
   * @throws {@link RuntimeProviderError} FAILED_PRECONDITION for limits that no program can be started under, and with
   *   `required` for those that can't be kept here
   */
  static async open(options: LimiterOptions): Promise<Limiter> {
    const { wanted, instancePath, cgroupParent } = options;
    const needed = Object.entries(controllers).filter(([key]) =>
      wanted.some((limits) => limits[key as keyof typeof controllers] !== undefined),
    );
    const shell = findTool("sh") ?? "/bin/sh";
    if (needed.length === 0) return proven(new Limiter(undefined, shell), wanted);
    const names = needed.map(([, name]) => name);
    const cgroups = await InstanceCgroups.open(instancePath, await findHierarchies(cgroupParent), names);
    try {
      const missing = needed.flatMap(([key, name]) => {
        const reason = cgroups.missing.get(name);
        return reason === undefined ? [] : [`limits.${key} can't be enforced here: ${reason}`];
      });
      if (missing.length > 0 && options.enforcement === "required")
        throw new RuntimeProviderError(
          "FAILED_PRECONDITION",
          `${missing.join("; ")}; or set limitEnforcement to auto`,
        );
      missing.forEach(options.warn);
      return await proven(new Limiter(cgroups, shell), wanted);
    } catch (error) {
      await cgroups.close();
      throw error;
    }
  }

  /** @param name of the session, unique in this instance */
  async session(name: string, limits: PluginLimits): Promise<SessionLimiter> {
    if (keys.every((key) => limits[key] === undefined)) return unlimited;
    const cgroups = await this.cgroups?.session(name, limits);
    return {
      launcher: launcher(this.shell, cgroups?.doors ?? [], limits.openFiles),
      explain: (ended, say) =>
        cgroups === undefined ? Promise.resolve(ended) : explain(ended, cgroups, limits, say),
      close: async () => {
        await cgroups?.close();
      },
    };
  }

  async close(): Promise<void> {
    await this.cgroups?.close();
  }
}

const unlimited: SessionLimiter = {
  launcher: [],
  explain: (ended) => Promise.resolve(ended),
  close: () => Promise.resolve(),
};

async function proven(limiter: Limiter, wanted: readonly PluginLimits[]): Promise<Limiter> {
  for (const [index, limits] of wanted.entries()) {
    const session = await limiter.session(`probe-${index}`, limits);
    try {
      await prove(session.launcher, limits);
    } finally {
      await session.close();
    }
  }
  return limiter;
}

async function prove([command, ...args]: readonly string[], limits: PluginLimits): Promise<void> {
  if (command === undefined) return;
  const child = spawn(command, [...args, command, "-c", `exit ${provenBy}`], {
    env: {},
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`.slice(-500)));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code === provenBy) return;
  throw new RuntimeProviderError(
    "FAILED_PRECONDITION",
    `no program can be started under the limits ${JSON.stringify(limits)} (${complaint.trim() || String(signal ?? code)}): raise them`,
  );
}

async function explain(
  ended: Ended,
  cgroups: SessionCgroups,
  { memoryBytes, processes }: PluginLimits,
  say: (text: string) => void,
): Promise<Ended> {
  const [kills, refusals] = await Promise.all([cgroups.memoryKills(), cgroups.refusedProcesses()]);
  if (refusals > 0)
    say(
      `${refusals} times the plugin could not start a process or thread: limits.processes is ${processes ?? 0}`,
    );
  if (kills === 0) return ended;
  const detail = `it used more than the ${memoryBytes ?? 0} bytes of limits.memoryBytes`;
  if (ended.how === "signal" && ended.signal === "SIGKILL") return { how: "limit", limit: "memory", detail };
  say(`${kills} processes of the plugin were killed: ${detail}`);
  return ended;
}
