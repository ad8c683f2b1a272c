import {
  RuntimeProviderError,
  type BackendTraits,
  type Guest,
  type SessionBackend,
} from "@gestalt-runtime/sdk";
import type { Handle } from "./process-backend.js";

/**
 * Stands in where plugins can't run as processes of this machine: it makes nothing and touches nothing. The
 * runtime says why in GetSupport, in the identity's warnings, in health checks and on stderr (SUP-2, PROC-10).
 */
export class UnableBackend implements SessionBackend<Handle> {
  readonly traits: BackendTraits;

  constructor(private readonly cannotHost: string) {
    this.traits = {
      kind: "process",
      cannotHost,
      needs: "nothing",
      accepts: [],
      egress: "none",
      hostServices: "direct",
    };
  }

  create(): Promise<Guest<Handle>> {
    return Promise.reject(this.#refusal());
  }

  launch(): Promise<never> {
    return Promise.reject(this.#refusal());
  }

  destroy(): Promise<"gone"> {
    return Promise.resolve("gone");
  }

  #refusal(): RuntimeProviderError {
    return new RuntimeProviderError("FAILED_PRECONDITION", this.cannotHost);
  }
}
