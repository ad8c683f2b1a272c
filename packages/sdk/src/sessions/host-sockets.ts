import { join } from "node:path";
import { openBridge, type Bridge } from "../bridge/index.js";
import { parseDialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { Logger } from "../provider/logger.js";

/** Puts a socket for each direct host service into a directory that the guest sees (BIND-2). */
export class HostSockets {
  readonly #bridges: Bridge[] = [];
  #closed = false;

  constructor(
    private readonly isShared: boolean,
    private readonly logger: Logger,
  ) {}

  /** What the plugin is to find under each variable. */
  async open(
    bindings: ReadonlyMap<string, string>,
    shared: { readonly onHost: string; readonly inGuest: string } | undefined,
  ): Promise<ReadonlyMap<string, string>> {
    if (!this.isShared) return bindings;
    if (shared === undefined)
      throw new RuntimeProviderError(
        "INTERNAL",
        'the backend says hostServices "shared", but its guest has no shared directory; give Guest.shared',
      );
    const seen = new Map<string, string>();
    for (const [envVar, target] of bindings) {
      const upstream = parseDialTarget(target, "relay.dial_target");
      if (upstream.type !== "unix") {
        seen.set(envVar, target);
        continue;
      }
      const name = `h${seen.size}.sock`;
      const listen = { type: "unix", path: join(shared.onHost, name) } as const;
      this.#bridges.push(await openBridge({ listen, upstream, logger: this.logger }));
      seen.set(envVar, `unix://${join(shared.inGuest, name)}`);
    }
    if (this.#closed) await this.close();
    return seen;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#bridges.splice(0).map((bridge) => bridge.close()));
  }
}
