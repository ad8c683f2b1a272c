import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { killMarked, type Ended, type ProcessTree, type TreeProcess } from "@gestalt-runtime/sdk/processes";

/** A tree that nothing holds together: whoever forgets to stop it leaves all of it running. */
export function looseTree(): ProcessTree {
  const marker = randomBytes(16).toString("hex");
  const stop = async (): ReturnType<ProcessTree["stop"]> => ({
    rung: "killed",
    left: await killMarked(marker),
  });
  return {
    kind: "process-group",
    marker,
    spawn: ({ command, args = [], env, cwd }) => {
      const child = spawn(command, [...args], {
        detached: true,
        cwd,
        env: { ...env, GESTALT_RUNTIME_TREE: marker },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = new Promise<Ended>((resolve) =>
        child.once("exit", (code, signal) =>
          resolve(signal === null ? { how: "exit", code: code ?? 0 } : { how: "signal", signal }),
        ),
      );
      const process: TreeProcess = {
        pid: child.pid,
        stdout: child.stdout,
        stderr: child.stderr,
        pipes: [],
        ended,
        drained: ended.then(() => undefined),
      };
      return new Promise((resolve, reject) => {
        child.once("spawn", () => resolve(process));
        child.once("error", reject);
      });
    },
    stop,
    kill: stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}
