import { hostTimes, type HostTimes } from "../host/index.js";
import type { InspectOptions } from "./options.js";

const dayMs = 86_400_000;

/**
 * The host's times for a provider that somebody stops at breakpoints: what waits for an answer waits a day. Only the
 * time between SIGTERM and SIGKILL stays.
 */
export const patientTimes: Partial<HostTimes> = {
  providerStartMs: dayMs,
  lifecycleMs: dayMs,
  inspectionMs: dayMs,
  stopSessionMs: dayMs,
  pluginReadyMs: dayMs,
  executeMs: dayMs,
  providerStopMs: hostTimes.providerStopMs,
};

/**
 * The environment that starts a program of Node.js with its debugger, a script and an executable alike. Plugins don't
 * get it: nothing of the provider's environment leaks into them (PLUG-2).
 */
export function inspectEnvironment(
  { address, breakAtStart }: InspectOptions,
  env: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const flag = `--${breakAtStart ? "inspect-brk" : "inspect"}=${address}`;
  return { ...env, NODE_OPTIONS: env.NODE_OPTIONS === undefined ? flag : `${env.NODE_OPTIONS} ${flag}` };
}

/** The debugger's address, when a line of a provider's stderr tells it. */
export function debuggerUrl(line: string): string | undefined {
  return /^Debugger listening on (ws:\/\/\S+)$/.exec(line)?.[1];
}
