import type { ChildProcess, IOType } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";

export function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Resolves with true when all of them have ended, or with false after the time; never rejects. */
export function allEnded(children: readonly ChildProcess[], timeoutMs: number): Promise<boolean> {
  const running = children.filter(isRunning);
  if (running.length === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (all: boolean): void => {
      clearTimeout(timer);
      for (const child of running) child.off("exit", look);
      resolve(all);
    };
    const look = (): void => {
      if (!running.some(isRunning)) finish(true);
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    for (const child of running) child.on("exit", look);
  });
}

/** Resolves when the child has been started; rejects with the system's error when it could not be. */
export async function started(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) await once(child, "spawn");
}

/** Makes a child, or a pipe to it, no reason for this process to stay alive. */
export function release(child: ChildProcess): void {
  child.unref();
  // Pipes to a child are sockets; the types do not say so.
  for (const stream of child.stdio) (stream as Socket | null | undefined)?.unref();
}

/**
 * The environment for `child_process.spawn` that arrives as given: Node adds its coverage folder to every
 * environment that does not name it.
 */
export function exactly(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return Object.assign(Object.create(null) as NodeJS.ProcessEnv, { NODE_V8_COVERAGE: undefined }, env);
}

/** No input, what it writes, and the pipes that the program asked for. */
export function stdioOf({ pipes }: { readonly pipes: number }): IOType[] {
  return ["ignore", "pipe", "pipe", ...Array.from({ length: pipes }, (): IOType => "pipe")];
}

/**
 * Node reads away whatever output has no reader yet when a child ends, and the last words of a program that
 * fails at once would be lost. It looks only at the streams in this list.
 */
export function keepUnreadOutput(child: ChildProcess): void {
  (child.stdio as unknown[]).length = 0;
}
