import type { JsonObject } from "@bufbuild/protobuf";
import type { InstalledProvider } from "../install/index.js";
import { installSource } from "./provider-install.js";
import { startProvider, type ProviderInstance, type ProviderInstanceOptions } from "./provider-instance.js";
import type { ShutdownReport } from "./provider-process.js";
import { mustHaveSandbox } from "./provider-sandbox.js";

/**
 * The host's hold on one provider of its config: started when the first plugin needs it; plugins that come at
 * once each start an instance, the first that is ready is kept, the others are ended before any GetSupport. A
 * failed start is not remembered (PROC-9).
 */
export class ProviderSlot {
  #kept: ProviderInstance | undefined;
  #prepared: Promise<InstalledProvider | undefined> | undefined;
  #only: Promise<ProviderInstance> | undefined;

  constructor(
    readonly options: ProviderInstanceOptions,
    readonly config: JsonObject | undefined,
  ) {}

  /**
   * What the host does before it starts anything: installs the package, checks the operator's config against its
   * schema (LIFE-3), and looks whether the sandbox that it needs can be had. Once, however often it is called.
   *
   * @throws {@link HostError} `install-refused`, `config-refused` or `sandbox-unavailable`: the whole host stops
   */
  async prepare(): Promise<void> {
    await (this.#prepared ??= this.#prepare());
  }

  async #prepare(): Promise<InstalledProvider | undefined> {
    if (this.options.provider === undefined) mustHaveSandbox(this.options);
    return installSource({ ...this.options, ...(this.config === undefined ? {} : { config: this.config }) });
  }

  /** The instance that is kept; `undefined` while none is ready. */
  get instance(): ProviderInstance | undefined {
    return this.#kept;
  }

  async acquire(signal: AbortSignal): Promise<ProviderInstance> {
    if (this.#kept !== undefined) return this.#kept;
    const mine = await (this.#isOne() ? this.#startOnce(signal) : this.#start(signal));
    // Another plugin's start may have been faster.
    this.#kept ??= mine;
    if (this.#kept !== mine) await mine.shutdown();
    return this.#kept;
  }

  /** Whether there is one of it, however many plugins come at once. */
  #isOne(): boolean {
    return this.options.attach !== undefined || typeof this.options.provider === "object";
  }

  async #startOnce(signal: AbortSignal): Promise<ProviderInstance> {
    const only = (this.#only ??= this.#start(signal));
    try {
      return await only;
    } catch (error) {
      this.#only = undefined;
      throw error;
    }
  }

  async #start(signal: AbortSignal): Promise<ProviderInstance> {
    const instance = await startProvider({ ...(await this.#withProgram()), signal });
    try {
      await instance.handshake(this.config, signal);
      return instance;
    } catch (error) {
      await instance.shutdown();
      throw error;
    }
  }

  /** The options with what was installed in the source's place: it serves every instance. */
  async #withProgram(): Promise<ProviderInstanceOptions> {
    const { source, ...options } = this.options;
    const installed = await this.#prepared;
    if (source === undefined || installed === undefined) return this.options;
    return { ...options, command: installed.command, args: installed.args };
  }

  /** `undefined` when there is nothing to end. */
  async shutdown(): Promise<ShutdownReport | undefined> {
    const report = await this.#kept?.shutdown();
    const installed = await this.#prepared?.catch(() => undefined);
    await installed?.remove();
    return report;
  }
}
