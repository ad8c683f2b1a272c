import type { StartPluginRequest, StringMap } from "../provider/types.js";
import { EgressRefresh } from "./egress-refresh.js";
import type { Ended, Guest, Json, PluginRequest, RunningPlugin } from "./guest.js";
import { HostSockets } from "./host-sockets.js";
import { chooseListener } from "./listeners.js";
import { PluginOutput } from "./plugin-output.js";
import { startPlugin } from "./plugin-starter.js";
import type { Way } from "./reach.js";
import type { SessionVoice } from "./session-voice.js";
import type { Surroundings } from "./surroundings.js";

/** What a run needs of its session. */
export interface PluginRunOptions<H extends Json> {
  readonly sessionId: string;
  readonly request: StartPluginRequest;
  readonly bindings: ReadonlyMap<string, string>;
  /** The guest, where there is one before the plugin. */
  readonly guest: Guest<H> | undefined;
  /** Makes the guest, where it comes with its plugin. */
  makeGuest(plugin: PluginRequest): Promise<Guest<H>>;
  /** Called as soon as there is something to watch. */
  onLaunched(guest: Guest<H>, plugin: RunningPlugin): void;
  /** Called when a launch settles after nobody waits for it any more. */
  onLate(): void;
}

/** One plugin on its way to running, and all that was opened for it on this machine. */
export class PluginRun<H extends Json> {
  readonly output: PluginOutput;
  readonly #hostSockets: HostSockets;
  /** Settles when the program ends while it is being started. */
  readonly #ended: Promise<Ended>;
  #tellEnd!: (ended: Ended) => void;
  #isStarting = true;
  #way: Way | undefined;
  #release: (() => void) | undefined;
  #closed = false;

  constructor(
    private readonly around: Surroundings<H>,
    private readonly voice: SessionVoice,
    private readonly options: PluginRunOptions<H>,
  ) {
    const { backend, clock, logger } = around;
    this.output = new PluginOutput(voice.log, clock);
    this.#hostSockets = new HostSockets(backend.traits.hostServices === "shared", logger);
    this.#ended = new Promise((resolve) => (this.#tellEnd = resolve));
  }

  /** Starts the plugin; resolves to its dial target when it accepts gRPC connections (PLUG-4). */
  async start(signal: AbortSignal): Promise<string> {
    const { around, voice } = this;
    const { options } = this;
    const { sessionId, request, guest } = options;
    const { backend, ports } = around;
    let made = guest;
    voice.secrets.addEnvironment(request.env);
    const machine = guest?.machine ?? sessionId;
    const listener = chooseListener(backend.traits, ports, machine, guest);
    if (listener.type === "tcp") this.#release = () => ports.release(machine, listener.port);
    const bindings = await this.#hostSockets.open(options.bindings, guest?.shared);
    const started = await startPlugin(
      around,
      {
        sessionId,
        request,
        bindings,
        io: this.output,
        signal,
        listener,
        progress: (text) => voice.say(text),
        guest: async (plugin) => (made ??= await options.makeGuest(plugin)),
        onLaunched: (plugin) => {
          if (made !== undefined) options.onLaunched(made, plugin);
          return this.#ended;
        },
        onLate: () => options.onLate(),
      },
      guest?.env ?? ({} satisfies StringMap),
    );
    this.#way = started.way;
    this.#isStarting = false;
    if (this.#closed) await this.close();
    if (made !== undefined && started.egress.enforce)
      new EgressRefresh(around, { sessionId, signal, handle: made.handle }, started.egress).begin();
    return started.dialTarget;
  }

  /** Takes the news that the program has ended; true where the start is to tell it (PLUG-6). */
  takesEnd(ended: Ended): boolean {
    this.#tellEnd(ended);
    return this.#isStarting;
  }

  /** Closes what was opened on this machine. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#release?.();
    this.#release = undefined;
    await Promise.all([this.#way?.close(), this.#hostSockets.close()]);
  }
}
