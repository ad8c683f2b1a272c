import { once } from "node:events";
import { started } from "./child.js";
import type { ContainmentKind } from "./enclosure.js";
import { refuseInWorker } from "./main-thread.js";
import { NamespaceEnclosure, type NamespaceTools } from "./namespace-enclosure.js";
import { messageOf } from "./spawn-error.js";
import { findTool } from "./tools.js";
import { tryWatchdog } from "./watchdog.js";

/** What holds process trees together on this machine. */
export interface Containment {
  /** The better kind that works here. */
  readonly kind: ContainmentKind;
  /**
   * Whether a tree also ends when this process is killed by SIGKILL (PROC-8). False only where not even a
   * shell can be started.
   */
  readonly endsWithProvider: boolean;
  /** One sentence on why nothing better can be had; undefined with `pid-namespace`. */
  readonly reason: string | undefined;
}

/** What {@link detectContainment} found, with what is needed to use it. */
export interface Detected {
  readonly containment: Containment;
  readonly namespaceTools: NamespaceTools | undefined;
}

const probeTimeoutMs = 5_000;
let detected: Promise<Detected> | undefined;

/**
 * Finds out which kind of tree this machine can hold, once per process, by making and ending one.
 *
 * - `pid-namespace` (Linux, as root or where user namespaces are allowed): nothing that ran in the tree
 *   survives it or this process, however it detached itself. Inside, a program's `getppid()` is 0, so
 *   `GESTALT_PLUGIN_PARENT_PID` must not be set (PLUG-3). Without root, programs can't use other users' rights
 *   (sudo and the like).
 * - `process-group` (macOS, restricted containers): what left its group is found by a marker in its
 *   environment, on Linux only. Out of reach stays what left its group and cleared its environment; on macOS,
 *   all that left its group.
 *
 * Neither is a security boundary.
 *
 * @throws Error in a worker thread
 */
export async function detectContainment(): Promise<Containment> {
  return (await detect()).containment;
}

export async function detect(): Promise<Detected> {
  refuseInWorker("detectContainment");
  return (detected ??= look());
}

async function look(): Promise<Detected> {
  const found = await findNamespaceTools();
  if (typeof found !== "string") {
    const containment = { kind: "pid-namespace", endsWithProvider: true, reason: undefined } as const;
    return { containment, namespaceTools: found };
  }
  const fault = await tryWatchdog();
  const watchdog = fault === undefined ? "" : `; no watchdog either: ${fault}`;
  const containment: Containment = {
    kind: "process-group",
    endsWithProvider: fault === undefined,
    reason: `no PID namespace: ${found}${watchdog}`,
  };
  return { containment, namespaceTools: undefined };
}

/** The tools in the first combination that proves itself, or the first one's fault. */
async function findNamespaceTools(): Promise<NamespaceTools | string> {
  if (process.platform !== "linux") return `${process.platform} has none`;
  const [unshare, nsenter, setsid, cat, sh] = ["unshare", "nsenter", "setsid", "cat", "sh"].map(findTool);
  if (unshare === undefined || nsenter === undefined || setsid === undefined)
    return "unshare, nsenter and setsid (util-linux) are not all installed";
  if (cat === undefined || sh === undefined) return "cat and sh are not both installed";
  const [env, setpriv] = ["env", "setpriv"].map(findTool);
  // The namespace's first process inherits orphans, and must ignore their ends for the kernel to collect them.
  // Some shells can't do that, and some env can't either.
  const holders = [
    ...(env === undefined ? [] : [[env, "--ignore-signal=CHLD", cat]]),
    [sh, "-c", 'trap "" CHLD; exec "$0"', cat],
  ];
  // nsenter stops itself with its program, and stopped it can't collect it: when this process is killed then,
  // the kernel wakes it.
  const woken = setpriv === undefined ? [] : [[setpriv, "--pdeathsig", "CONT", "--", nsenter]];
  const asRoot = process.getuid?.() === 0 ? [false] : [];
  let fault: string | undefined;
  for (const userNamespace of [...asRoot, true]) {
    for (const holder of holders) {
      for (const entry of [...woken, [nsenter]]) {
        const tools = { unshare, nsenter: entry, setsid, holder, userNamespace };
        try {
          await prove(tools, sh);
          return tools;
        } catch (error) {
          fault ??= messageOf(error);
        }
      }
    }
  }
  return fault ?? "nothing to try";
}

/** Makes a namespace, sees an exit code and a signal come out of it as they were, and ends it. */
async function prove(tools: NamespaceTools, sh: string): Promise<void> {
  const enclosure = await NamespaceEnclosure.open(tools);
  try {
    const end = async (script: string): Promise<unknown[]> => {
      const program = { command: sh, args: ["-c", script], env: {}, cwd: "/", pipes: 0 };
      const child = enclosure.start(program);
      child.stdout?.destroy();
      child.stderr?.destroy();
      await started(child);
      const signal = AbortSignal.timeout(probeTimeoutMs);
      return (await once(child, "exit", { signal })) as unknown[];
    };
    const [[code], [, signal]] = [await end("exit 7"), await end("kill -s KILL $$")];
    if (code !== 7 || signal !== "SIGKILL")
      throw new Error(
        `${tools.nsenter.join(" ")} does not pass on how a program ends (${String(code)}, ${String(signal)})`,
      );
  } finally {
    await enclosure.end(probeTimeoutMs);
  }
}
