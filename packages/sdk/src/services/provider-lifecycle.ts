import { create } from "@bufbuild/protobuf";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import * as wire from "../gen/gestalt/provider/v1/lifecycle_pb.js";
import type { CallContext } from "../provider/context.js";
import type { Logger } from "../provider/logger.js";
import type { PluginRuntimeProvider } from "../provider/provider.js";
import { protocolVersion } from "../protocol/version.js";
import { currentMethod } from "./current-method.js";
import { writeHealth, writeIdentity } from "./lifecycle-answers.js";

/** The service ProviderLifecycle for one provider, and the order in which its calls are allowed. */
export class ProviderLifecycleService {
  #configuredName: string | undefined;
  /** ConfigureProvider calls take their turn: the second one sees what became of the first. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #background = new AbortController();

  constructor(
    private readonly provider: PluginRuntimeProvider,
    private readonly logger: Logger,
  ) {}

  /** @throws {@link RuntimeProviderError} FAILED_PRECONDITION before configuration (LIFE-6) */
  assertConfigured(method: string): void {
    if (this.#configuredName === undefined)
      throw new RuntimeProviderError(
        "FAILED_PRECONDITION",
        `${method}: the provider is not configured yet; call ConfigureProvider first`,
      );
  }

  /** Ends background work; called when the provider begins to end. */
  close(): void {
    this.#background.abort(new RuntimeProviderError("CANCELLED", "the provider is ending"));
  }

  getProviderIdentity(): wire.ProviderIdentity {
    return writeIdentity(this.provider.identity ?? {}, this.#configuredName);
  }

  configureProvider(
    request: wire.ConfigureProviderRequest,
    context: CallContext,
  ): Promise<wire.ConfigureProviderResponse> {
    const outcome = this.#turn.then(() => this.#configure(request, context));
    this.#turn = outcome.catch(() => undefined);
    return outcome;
  }

  async #configure(
    request: wire.ConfigureProviderRequest,
    context: CallContext,
  ): Promise<wire.ConfigureProviderResponse> {
    // Whoever gave up while others had their turn must not find the provider configured later.
    context.signal.throwIfAborted();
    if (request.protocolVersion !== protocolVersion)
      throw new RuntimeProviderError(
        "FAILED_PRECONDITION",
        `protocol_version is ${request.protocolVersion}; this provider speaks version ${protocolVersion} alone`,
      );
    if (this.#configuredName !== undefined)
      throw new RuntimeProviderError(
        "FAILED_PRECONDITION",
        `the provider is configured already, as ${JSON.stringify(this.#configuredName)}; start another one`,
      );
    const { name } = request;
    const { configSchema } = this.provider;
    let config = request.config ?? {};
    if (configSchema !== undefined) config = await configSchema.check(config, name);
    await this.provider.configure?.(config, {
      name,
      method: context.method,
      logger: context.logger,
      deadline: context.deadline,
      // A getter: most providers never ask for it.
      get signal() {
        return context.signal;
      },
    });
    this.#configuredName = name;
    this.#startBackground(name);
    return create(wire.ConfigureProviderResponseSchema, { protocolVersion });
  }

  /** LIFE-5: begins at once, and the host is not kept waiting. */
  #startBackground(name: string): void {
    const { signal } = this.#background;
    // Its faults are its own and not those of the call that began it.
    currentMethod.exit(() => {
      setImmediate(() => {
        if (signal.aborted) return;
        Promise.resolve()
          .then(() => this.provider.start?.({ name, signal, logger: this.logger }))
          .catch((error: unknown) => {
            if (!signal.aborted) this.logger.error({ error }, "the provider's background work failed");
          });
      });
    });
  }

  async healthCheck(context: CallContext): Promise<wire.HealthCheckResponse> {
    if (this.#configuredName === undefined) return notReady("the provider is not configured yet");
    try {
      if (this.provider.healthCheck === undefined) return writeHealth({ ready: true });
      const { ready, message } = writeHealth(await this.provider.healthCheck(context));
      return create(wire.HealthCheckResponseSchema, { ready, message: this.#redact(message) });
    } catch (thrown) {
      return notReady(this.#redact(RuntimeProviderError.from(thrown, "HealthCheck").message));
    }
  }

  #redact(text: string): string {
    return this.provider.redact?.(text) ?? text;
  }

  startProvider(): wire.StartRuntimeProviderResponse {
    this.assertConfigured("StartProvider");
    return create(wire.StartRuntimeProviderResponseSchema, { protocolVersion });
  }
}

function notReady(message: string): wire.HealthCheckResponse {
  return create(wire.HealthCheckResponseSchema, { ready: false, message });
}
