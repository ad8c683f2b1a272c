import { existsSync } from "node:fs";
import { spawn } from "node:child_process";
import type { Launcher } from "../../../sandbox/index.js";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { CheckBlocked } from "../../check/outcome.js";
import { owners } from "../../check/steps.js";
import { stillRuns, type SeenProcess } from "../../leftovers/processes.js";
import type { BareProcess } from "../../subject/bare-process.js";
import type { SubjectProvider } from "../../subject/provider.js";

/** "Within 1 s or so" (PROC-7), for a machine that has other things to do. */
const limitMs = 5_000;

export const endsWithParent = defineCheck({
  id: "process/parent/ends-with-it",
  title: "when the host dies, the provider ends by itself and removes its socket",
  requirements: ["PROC-7"],
  cause:
    "Nobody compares the parent's process id, so that the provider and its plugins outlive a host that was killed.",
  mend:
    "Compare getppid() with GESTALT_PLUGIN_PARENT_PID every few hundred milliseconds, and end as on SIGTERM once they " +
    "differ.",
  run: async (t) => {
    const orphan = await startWithParent(t);
    await t.configure(orphan.provider);
    orphan.killParent();
    await t.eventually("after its parent's death the provider has ended", limitMs, () =>
      stillRuns(orphan.seen) ? "it still runs" : undefined,
    );
    await t.eventually("after its parent's death the provider's socket is gone", limitMs, () =>
      existsSync(orphan.process.socketPath) ? "it is still there" : undefined,
    );
  },
});

/** A provider whose parent, the host to it, can be killed. */
export interface Orphan {
  readonly process: BareProcess;
  readonly provider: SubjectProvider;
  /** The provider itself. */
  readonly seen: SeenProcess;
  /** SIGKILL, as an operator's `kill -9` or the kernel's memory killer. */
  readonly killParent: () => void;
}

/** Starts a provider as the child of a process of its own. It is not configured. */
export async function startWithParent(t: CheckContext): Promise<Orphan> {
  const process = await t.bareProcess({ launch: belowShell });
  const fault = await process.servingFault(t.signal);
  if (fault !== undefined) throw new CheckBlocked(owners.serves, fault);
  const parent = process.process.pid;
  const seen = t.place.remember(parent).find((one) => one.parent === parent);
  if (seen === undefined) t.missing("/proc does not show the provider's process: use Linux");
  return {
    process,
    provider: await t.attach(process),
    seen,
    killParent: () => process.process.signal("SIGKILL"),
  };
}

/** The shell is the host: it starts the provider as its child, tells it so, and waits. */
const script = 'GESTALT_PLUGIN_PARENT_PID=$$; export GESTALT_PLUGIN_PARENT_PID; "$@" </dev/null & wait "$!"';

const belowShell: Launcher = ({ command, args, environment, cwd }) => {
  const child = spawn("/bin/sh", ["-c", script, "host", command, ...args], {
    cwd,
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, signal: (signal) => child.kill(signal) };
};
