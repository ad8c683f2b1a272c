import type { JsonObject } from "@bufbuild/protobuf";
import { startProvider, type ProviderInstance, type ProviderInstanceOptions } from "./provider-instance.js";
import type { ShutdownReport } from "./provider-process.js";

/**
 * The host's hold on one provider of its config: started when the first plugin needs it; plugins that come at
 * once each start an instance, the first that is ready is kept, the others are ended before any GetSupport. A
 * failed start is not remembered (PROC-9).
 */
export class ProviderSlot {
  #kept: ProviderInstance | undefined;

  constructor(
    readonly options: ProviderInstanceOptions,
    readonly config: JsonObject | undefined,
  ) {}

  /** The instance that is kept; `undefined` while none is ready. */
  get instance(): ProviderInstance | undefined {
    return this.#kept;
  }

  async acquire(signal: AbortSignal): Promise<ProviderInstance> {
    if (this.#kept !== undefined) return this.#kept;
    const mine = await this.#start(signal);
    // Another plugin's start may have been faster.
    this.#kept ??= mine;
    if (this.#kept !== mine) await mine.shutdown();
    return this.#kept;
  }

  async #start(signal: AbortSignal): Promise<ProviderInstance> {
    const instance = await startProvider({ ...this.options, signal });
    try {
      await instance.handshake(this.config, signal);
      return instance;
    } catch (error) {
      await instance.shutdown();
      throw error;
    }
  }

  /** `undefined` when there is nothing to end. */
  async shutdown(): Promise<ShutdownReport | undefined> {
    return this.#kept?.shutdown();
  }
}
