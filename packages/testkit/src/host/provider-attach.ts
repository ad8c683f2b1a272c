import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { isAbsolute } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { maxUnixPathBytes } from "@gestalt-runtime/sdk";
import { HostError } from "./host-error.js";
import { logSocketVariable } from "./log-host.js";
import type { HostTimes } from "./times.js";

const logSuffix = ".log";

/**
 * The environment that a provider needs so that the fake host can attach to it: set it, start the provider yourself
 * (under a debugger, say), and give the same path as `attach`.
 *
 * @param socketPath where the provider is to serve, absolute
 * @throws TypeError for a path that is not absolute, or too long for a socket (DIAL-2)
 */
export function attachEnvironment(socketPath: string): Readonly<Record<string, string>> {
  checkAttach("socketPath", socketPath);
  return { GESTALT_PLUGIN_SOCKET: socketPath, [logSocketVariable]: attachedLogSocket(socketPath) };
}

/** Where the host keeps logs for a provider that it attaches to. */
export function attachedLogSocket(socketPath: string): string {
  return `${socketPath}${logSuffix}`;
}

/** @throws TypeError that names the field, the fault and the mend */
export function checkAttach(field: string, socketPath: string): void {
  if (!isAbsolute(socketPath))
    throw new TypeError(`${field} ${JSON.stringify(socketPath)} is not an absolute path; resolve it first`);
  const bytes = Buffer.byteLength(attachedLogSocket(socketPath));
  if (bytes > maxUnixPathBytes)
    throw new TypeError(
      `${field} ${JSON.stringify(socketPath)} leaves no room for the log's socket beside it (${bytes} bytes with ` +
        `${logSuffix}, ${maxUnixPathBytes} are possible); take a shorter path`,
    );
}

/**
 * Waits until something accepts connections on the socket; what died may have left its file there.
 *
 * @throws {@link HostError} `never-listened` after `providerStartMs`, `stopped` when the signal ended the wait
 */
export async function waitForListener(
  socketPath: string,
  times: Pick<HostTimes, "providerStartMs" | "pollMs">,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = performance.now() + times.providerStartMs;
  let answer = await dial(socketPath);
  while (answer !== "accepted") {
    if (signal?.aborted === true)
      throw new HostError(
        "stopped",
        `the host was told to end while it waited for a provider on ${socketPath}`,
      );
    if (performance.now() >= deadline)
      throw new HostError(
        "never-listened",
        `no provider served on ${socketPath} within ${times.providerStartMs} ms (dialling it: ${answer}); start it ` +
          `with GESTALT_PLUGIN_SOCKET=${socketPath} in its environment`,
      );
    await delay(times.pollMs);
    answer = await dial(socketPath);
  }
}

/**
 * Removes the log's socket that a host left which was killed, and nothing else.
 *
 * @throws {@link HostError} `attach-refused` where another host is attached, or something else is in the way
 */
export async function freeLogSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket())
    throw new HostError(
      "attach-refused",
      `${path} is in the way and no socket; it was left alone: remove it, or attach at another path`,
    );
  // Only a refusal proves that nobody listens.
  const answer = await dial(path);
  if (answer !== "ECONNREFUSED")
    throw new HostError(
      "attach-refused",
      `another host is attached: it keeps the log at ${path} (dialling it: ${answer}); end that one first`,
    );
  await unlink(path);
}

function dial(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve("accepted");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
