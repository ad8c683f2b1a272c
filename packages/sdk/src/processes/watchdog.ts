import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { release } from "./child.js";
import { markerOfThisRun, markerVariable, newMarker } from "./marker.js";
import { messageOf } from "./spawn-error.js";
import { findTool } from "./tools.js";

/**
 * Reads what happens to the groups, and when its input ends kills the groups that are left, then all that
 * carries the marker until nothing is found twice. A group whose leader has ended is ours only while no
 * process has the leader's number again.
 */
const script = `
trap "" HUP INT TERM
led=" " orphaned=" "
while read -r event group; do
  case $led in *" $group "*) led="\${led%% $group *} \${led#* $group }" ;; esac
  case $orphaned in *" $group "*) orphaned="\${orphaned%% $group *} \${orphaned#* $group }" ;; esac
  case $event in
    done) exit 0 ;;
    led) led="$led$group " ;;
    orphaned) orphaned="$orphaned$group " ;;
  esac
done
for group in $led; do kill -s KILL -- "-$group"; done
for group in $orphaned; do kill -0 "$group" || kill -s KILL -- "-$group"; done
[ -n "$1" ] || exit 0
round=0 clean=0
while [ $round -lt 200 ] && [ $clean -lt 2 ]; do
  round=$((round + 1)) clean=$((clean + 1))
  for found in $(grep -lsF -e "$1" /proc/[0-9]*/environ); do
    pid=\${found#/proc/} clean=0
    kill -s KILL "\${pid%/environ}"
  done
  [ $clean -gt 0 ] || sleep 0.02
done
exit 0
`;
const tooShortLifeMs = 1_000;
const tryTimeoutMs = 5_000;

/** What has happened to a process group. `gone`: nothing is in it any more. */
export type GroupEvent = "led" | "orphaned" | "gone";

/**
 * One small process that outlives this one by a moment and ends what it left behind (PROC-8). It runs while
 * anybody holds it, and notices this process's end, whatever the cause, by a pipe.
 */
export class Watchdog {
  #holders = 0;
  #child: ReturnType<typeof start> | undefined;
  readonly #groups = new Map<number, "led" | "orphaned">();

  hold(): void {
    this.#holders += 1;
    if (this.#child === undefined) this.#start();
  }

  drop(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    const child = this.#child;
    this.#child = undefined;
    // It must not end what the next trees of this process carry: theirs is another watchdog.
    child?.stdin.end("done -\n");
  }

  tell(event: GroupEvent, group: number): void {
    if (event === "gone") this.#groups.delete(group);
    else this.#groups.set(group, event);
    this.#child?.stdin.write(`${event} ${group}\n`);
  }

  #start(): void {
    let child;
    try {
      child = start(`${markerOfThisRun}.`);
    } catch {
      // detectContainment says so; the trees are still ended by whoever opened them.
      return;
    }
    const startedMs = performance.now();
    child.once("exit", () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      // Somebody killed it: without a successor, the trees would outlive this process.
      if (performance.now() - startedMs > tooShortLifeMs) this.#start();
    });
    // Watching is no reason for this process to stay alive.
    release(child);
    this.#child = child;
    for (const [group, event] of this.#groups) child.stdin.write(`${event} ${group}\n`);
  }
}

/** Runs a watchdog with nothing to watch: undefined when that works, else why it does not. */
export async function tryWatchdog(): Promise<string | undefined> {
  try {
    const child = start(newMarker());
    child.stdin.destroy();
    const [code] = (await once(child, "exit", { signal: AbortSignal.timeout(tryTimeoutMs) })) as [
      number | null,
    ];
    return code === 0 ? undefined : `it ended with exit code ${code ?? "unknown"}`;
  } catch (error) {
    return messageOf(error);
  }
}

function start(marker: string): ChildProcessByStdio<Writable, null, null> {
  const shell = findTool("sh");
  if (shell === undefined) throw new Error("no sh is installed");
  const marked = process.platform === "linux" ? `${markerVariable}=${marker}` : "";
  const child = spawn(shell, ["-c", script, "gestalt-runtime-watchdog", marked], {
    detached: true,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Whoever needs to know of its end listens to that.
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  return child;
}

/** The one of this process. */
export const watchdog = new Watchdog();
