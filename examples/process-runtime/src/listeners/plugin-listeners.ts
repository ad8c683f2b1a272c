import {
  openBridge,
  RuntimeProviderError,
  type Bridge,
  type BridgeDial,
  type BridgeListen,
  type Logger,
} from "@gestalt-runtime/sdk";
import type { ListenerConfig } from "./listener-config.js";

/** The host's way to one plugin. */
export interface PluginListener {
  /** What the host dials. */
  readonly target: string;
  /** Ends it, with its connections. */
  readonly close: () => Promise<void>;
}

/** The host's ways to plugins over the network: one listener for each. */
export class PluginListeners {
  readonly #taken = new Set<number>();

  private constructor(
    private readonly config: Exclude<ListenerConfig, { type: "unix" }>,
    private readonly logger: Logger,
  ) {}

  /**
   * Tries to listen as configured. Undefined for Unix sockets, which need nothing.
   *
   * @throws {@link RuntimeProviderError} where that can't be done: an address of another machine, a certificate that is
   *   not for what the host dials
   */
  static async open(config: ListenerConfig, logger: Logger): Promise<PluginListeners | undefined> {
    if (config.type === "unix") return undefined;
    const listeners = new PluginListeners(config, logger);
    await (await listeners.listen(() => "/nowhere")).close();
    return listeners;
  }

  /**
   * Opens a listener that leads to one plugin.
   *
   * @param socket where the plugin's socket is now; it need not be there yet
   */
  async listen(socket: () => string): Promise<PluginListener> {
    const { bridge, port } = await this.#open(() => Promise.resolve(`unix://${socket()}`));
    const close = async (): Promise<void> => {
      await bridge.close();
      if (port !== undefined) this.#taken.delete(port);
    };
    return { target: bridge.target, close };
  }

  async #open(upstream: BridgeDial): Promise<{ bridge: Bridge; port?: number }> {
    const { ports, ...listen } = this.config;
    const open = (port: number): Promise<Bridge> =>
      openBridge({ listen: { ...listen, port } satisfies BridgeListen, upstream, logger: this.logger });
    if (ports === undefined) return { bridge: await open(0) };
    const [first, last] = ports;
    for (let port = first; port <= last; port += 1) {
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      try {
        return { bridge: await open(port), port };
      } catch (error) {
        this.#taken.delete(port);
        // Somebody else's; the next one may be free.
        if (!isTaken(error)) throw error;
      }
    }
    throw new RuntimeProviderError(
      "RESOURCE_EXHAUSTED",
      `all ports from ${first} to ${last} are taken (listener.firstPort, listener.lastPort): widen the range, or stop sessions`,
    );
  }
}

function isTaken(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code === "EADDRINUSE";
}
