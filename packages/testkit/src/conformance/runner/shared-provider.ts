import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { HostError } from "../../host/host-error.js";
import type { ProviderInstance } from "../../host/provider-instance.js";
import { HostTrace } from "../../host/trace.js";
import { ownerOf, owners, type Step } from "../check/steps.js";
import { leaksOf, type Leak, type Leftover } from "../leftovers/leak.js";
import { Place } from "../leftovers/place.js";
import type { Subject } from "../subject/subject.js";

export interface HeldProvider {
  readonly instance: ProviderInstance;
  readonly place: Place;
}

/** The configured provider that one worker's harmless checks use one after the other. */
export class SharedProvider {
  readonly #subject: Subject;
  #held: HeldProvider | undefined;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** The one that is there, or a new one; or what a check that needs it is blocked by. */
  async take(
    signal: AbortSignal,
  ): Promise<HeldProvider | { readonly blocked: { readonly by: string; readonly message: string } }> {
    if (this.#held !== undefined) return this.#held;
    const place = await Place.make();
    let instance: ProviderInstance | undefined;
    let step: Step = "serves";
    try {
      instance = await this.#subject.spawn(place, new HostTrace());
      await instance.connect(signal);
      step = "handshake";
      await instance.handshake(this.#subject.config, signal);
      return (this.#held = { instance, place });
    } catch (error) {
      await instance?.shutdown();
      await place.clear();
      if (error instanceof HostError || error instanceof RuntimeProviderError)
        return { blocked: { by: ownerOf(step, error), message: error.message } };
      throw error;
    }
  }

  /** Ends it, and tells what it left behind. */
  async discard(): Promise<readonly Leftover[]> {
    const held = this.#held;
    if (held === undefined) return [];
    this.#held = undefined;
    await held.instance.shutdown();
    return held.place.clear();
  }

  /** Ends it when all checks that it served have passed, and tells what it left though it ended as it was told to. */
  async end(): Promise<readonly Leak[]> {
    const held = this.#held;
    if (held === undefined) return [];
    this.#held = undefined;
    const { code } = await held.instance.shutdown();
    if (code === 0) await held.place.ending();
    const left = await held.place.clear();
    return code === 0 ? leaksOf(left, owners.handshake) : [];
  }
}
