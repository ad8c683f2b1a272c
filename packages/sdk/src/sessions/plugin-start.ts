import { join } from "node:path";
import { formatDialTarget, parseHostDialTarget } from "../dial-target/dial-target.js";
import { waitForHttp2, type Http2Answer } from "../dial-target/http2-probe.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { StartPluginRequest } from "../provider/types.js";
import type { BackendContext, Guest, Json, PluginIo, RunningPlugin, SessionBackend } from "./backend.js";
import { pluginEnvironment, safeBaseEnvironment } from "./environment.js";
import type { ResolvedLimits } from "./limits.js";
import { describeEnd } from "./state.js";
import { bounded, type Bounded } from "./waiting.js";

/** What starting a plugin takes. */
export interface PluginStart<H extends Json> {
  readonly backend: SessionBackend<H>;
  readonly guest: Guest<H>;
  readonly request: StartPluginRequest;
  readonly bindings: ReadonlyMap<string, string>;
  readonly io: PluginIo;
  readonly limits: ResolvedLimits;
  readonly signal: AbortSignal;
  context(bounds: Bounded): BackendContext;
  /** Called when the launch settles after nobody waits for it any more. */
  late(): void;
}

/** A plugin that accepts gRPC connections. */
export interface StartedPlugin {
  readonly plugin: RunningPlugin;
  readonly dialTarget: string;
}

/** Launches a plugin and waits until it accepts gRPC connections, ends, or time is up (PLUG-4, PLUG-6). */
export async function startPlugin<H extends Json>(start: PluginStart<H>): Promise<StartedPlugin> {
  const { guest, limits, signal } = start;
  const plugin = await bounded(
    "launching the plugin",
    limits.launchTimeoutMs,
    signal,
    (bounds) => launch(start, bounds),
    () => start.late(),
  );
  const dialTarget =
    plugin.dialTarget ?? formatDialTarget({ type: "unix", path: join(guest.shared.onHost, socketName) });
  await untilReady(plugin, dialTarget, limits.readyTimeoutMs, signal);
  return { plugin, dialTarget };
}

/** Short: the directory before it takes most of the 107 bytes (DIAL-2). */
const socketName = "p.sock";

function launch<H extends Json>(start: PluginStart<H>, bounds: Bounded): Promise<RunningPlugin> {
  const { backend, guest, request, bindings, io } = start;
  const { pluginName, command, args, hostBinary, allowedHosts, defaultAction } = request;
  const env = pluginEnvironment({
    base: { ...safeBaseEnvironment(), ...guest.env },
    request: request.env,
    bindings,
    listener: join(guest.shared.inGuest, socketName),
    pluginName,
  });
  const egress = { allowedHosts, defaultAction };
  return backend.launch(
    guest.handle,
    { pluginName, command, args, env, io, hostBinary, egress },
    start.context(bounds),
  );
}

async function untilReady(
  plugin: RunningPlugin,
  dialTarget: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  let answer: Http2Answer = "refused";
  const early = new AbortController();
  void plugin.ended.then((ended) => {
    const text = `${describeEnd(ended)} before it accepted gRPC connections`;
    early.abort(new RuntimeProviderError("FAILED_PRECONDITION", text));
  });
  const target = parseHostDialTarget(dialTarget);
  try {
    await bounded("waiting for the plugin", timeoutMs, AbortSignal.any([signal, early.signal]), (bounds) =>
      waitForHttp2(target, { signal: bounds.signal, onAnswer: (found) => (answer = found) }),
    );
  } catch (error) {
    const timedOut = error instanceof RuntimeProviderError && error.code === "DEADLINE_EXCEEDED";
    if (!timedOut || signal.aborted) throw error;
    throw new RuntimeProviderError("DEADLINE_EXCEEDED", notReadyText(answer, timeoutMs), { cause: error });
  }
}

function notReadyText(answer: Http2Answer, timeoutMs: number): string {
  const found = {
    refused: "never listened on the socket in GESTALT_PLUGIN_SOCKET",
    silent: "accepted a connection but did not answer",
    "not-http2": "listens but does not speak HTTP/2, as gRPC needs",
    http2: "was not ready",
  }[answer];
  return `the plugin ${found} within ${timeoutMs} ms`;
}
