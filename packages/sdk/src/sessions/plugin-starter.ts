import { parseHostDialTarget } from "../dial-target/dial-target.js";
import type { Http2Answer } from "../dial-target/http2-probe.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { StartPluginRequest, StringMap } from "../provider/types.js";
import type { BackendCall } from "./backend-calls.js";
import { BackendError } from "./backend-error.js";
import { egressPlan } from "./egress-plan.js";
import { pluginEnvironment, safeBaseEnvironment } from "./environment.js";
import type {
  EgressPlan,
  Ended,
  Guest,
  GuestListener,
  Json,
  PluginIo,
  PluginRequest,
  RunningPlugin,
} from "./guest.js";
import { listenerValue } from "./listeners.js";
import { openWay, type Way } from "./reach.js";
import { describeEnd, reasonOf } from "./state.js";
import type { Surroundings } from "./surroundings.js";
import { bounded } from "./waiting.js";

/** What starting a plugin takes. */
export interface PluginStart<H extends Json> {
  readonly sessionId: string;
  readonly request: StartPluginRequest;
  /** What the plugin finds under the variables of bound host services. */
  readonly bindings: ReadonlyMap<string, string>;
  readonly io: PluginIo;
  readonly signal: AbortSignal;
  readonly listener: GuestListener;
  /** Called with what the plugin's own end is known by, as soon as it has been launched. */
  onLaunched(plugin: RunningPlugin): Promise<Ended>;
  /** Called when a launch settles after nobody waits for it any more. */
  onLate(): void;
  progress(text: string): void;
  /** The guest: made already, or made by this call where the backend makes it with its plugin. */
  guest(plugin: PluginRequest): Promise<Guest<H>>;
}

/** A plugin that accepts gRPC connections. */
export interface StartedPlugin {
  readonly dialTarget: string;
  readonly egress: EgressPlan;
  readonly way: Way;
}

/** Launches a plugin and waits until it accepts gRPC connections, ends, or time is up (PLUG-4, PLUG-6). */
export async function startPlugin<H extends Json>(
  around: Surroundings<H>,
  start: PluginStart<H>,
  guestEnv: StringMap,
): Promise<StartedPlugin> {
  const egress = await bounded(
    {
      clock: around.clock,
      what: "resolving the names that the plugin may reach",
      timeoutMs: around.limits.restrictTimeoutMs,
      signal: start.signal,
    },
    () => egressPlan(start.request, start.bindings),
  );
  const plugin = pluginRequest(start, egress, guestEnv);
  const guest = await start.guest(plugin);
  if (egress.enforce) await restrict(around, start, guest.handle, egress);
  const running = guest.plugin ?? (await launch(around, start, guest.handle, plugin));
  const ended = start.onLaunched(running);
  const way = await openWay(around, {
    sessionId: start.sessionId,
    guest,
    plugin: running,
    listener: start.listener,
    signal: start.signal,
  });
  try {
    await untilReady(around, way.probe ?? way.dialTarget, ended, start.signal);
  } catch (error) {
    await way.close();
    throw error;
  }
  return { dialTarget: way.dialTarget, way, egress };
}

export async function restrict<H extends Json>(
  { backend, calls, limits }: Surroundings<H>,
  start: Pick<PluginStart<H>, "sessionId" | "signal" | "progress">,
  handle: H,
  egress: EgressPlan,
): Promise<void> {
  if (backend.restrict === undefined) return;
  const call = callOf("restricting the guest's network", limits.restrictTimeoutMs, start);
  await calls.run(call, async (context) => backend.restrict?.(handle, egress, context));
}

async function launch<H extends Json>(
  { backend, calls, limits }: Surroundings<H>,
  start: PluginStart<H>,
  handle: H,
  plugin: PluginRequest,
): Promise<RunningPlugin> {
  const call = callOf("launching the plugin", limits.launchTimeoutMs, start);
  return calls.run(
    call,
    (context) => {
      if (backend.launch !== undefined) return backend.launch(handle, plugin, context);
      const text = "the backend has no launch, and its create gave no Guest.plugin; give one of them";
      throw new RuntimeProviderError("INTERNAL", text);
    },
    () => start.onLate(),
  );
}

function pluginRequest<H extends Json>(
  { request, bindings, io, listener }: PluginStart<H>,
  egress: EgressPlan,
  guestEnv: StringMap,
): PluginRequest {
  const { pluginName, command, args, hostBinary } = request;
  const env = pluginEnvironment({
    base: { ...safeBaseEnvironment(), ...guestEnv },
    request: request.env,
    bindings,
    listener: listenerValue(listener),
    pluginName,
  });
  return { pluginName, command, args, env, listener, io, hostBinary, egress };
}

function callOf<H extends Json>(
  what: string,
  timeoutMs: number,
  { sessionId, signal, progress }: Pick<PluginStart<H>, "sessionId" | "signal" | "progress">,
): BackendCall {
  return { what, timeoutMs, sessionId, signal, progress };
}

async function untilReady<H extends Json>(
  { clock, limits, untilHttp2 }: Surroundings<H>,
  dialTarget: string,
  ended: Promise<Ended>,
  signal: AbortSignal,
): Promise<void> {
  let answer: Http2Answer = "refused";
  const early = new AbortController();
  void ended.then((end) => {
    const text = `${describeEnd(end)} before it accepted gRPC connections`;
    // Of all ends, a limit is what an operator has to know by one word.
    const reason = end.how === "limit" ? { reason: reasonOf(end) } : {};
    early.abort(new BackendError("FAILED_PRECONDITION", text, reason));
  });
  const target = parseHostDialTarget(dialTarget);
  const timeoutMs = limits.readyTimeoutMs;
  try {
    await bounded(
      { clock, what: "waiting for the plugin", timeoutMs, signal: AbortSignal.any([signal, early.signal]) },
      (bounds) => untilHttp2(target, { signal: bounds.signal, onAnswer: (found) => (answer = found) }),
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
