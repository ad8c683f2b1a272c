import type { JsonObject } from "@bufbuild/protobuf";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import {
  ProviderKind,
  protocolVersion,
  type PluginRuntimeProvider,
  type ProviderIdentity,
  type ProviderLifecycle,
  type UnaryClient,
} from "@gestalt-runtime/sdk/protocol";
import { HostError } from "./host-error.js";
import type { HostTimes } from "./times.js";

export interface HandshakeOptions {
  readonly name: string;
  /** Absent or empty: the field is left out of the request (LIFE-2). */
  readonly config: JsonObject | undefined;
  readonly times: Pick<HostTimes, "lifecycleMs">;
  readonly signal: AbortSignal | undefined;
  /** What it must say that it is. Default: a runtime. */
  readonly kind?: ProviderKind;
}

/** What the provider said of itself before and after it was configured. */
export interface Handshake {
  /** The first GetProviderIdentity's answer. */
  readonly before: ProviderIdentity;
  /** The second one's. */
  readonly after: ProviderIdentity;
}

/**
 * GetProviderIdentity, ConfigureProvider, GetProviderIdentity, 30 s each; kind and protocol range are checked on
 * the first answer only (LIFE-7).
 *
 * @throws {@link HostError} `wrong-kind`, `wrong-protocol`, `configure-refused` or `handshake`
 */
export async function handshake(
  lifecycle: UnaryClient<typeof ProviderLifecycle>,
  { name, config, times, signal, kind = ProviderKind.RUNTIME }: HandshakeOptions,
): Promise<Handshake> {
  const options = { timeoutMs: times.lifecycleMs, ...(signal === undefined ? {} : { signal }) };
  const before = await asked("GetProviderIdentity", lifecycle.getProviderIdentity({}, options));
  checkIdentity(before, kind);
  const empty = config === undefined || Object.keys(config).length === 0;
  const configured = await asked(
    "ConfigureProvider",
    lifecycle.configureProvider({ name, ...(empty ? {} : { config }), protocolVersion }, options),
    "configure-refused",
  );
  if (configured.protocolVersion !== protocolVersion)
    throw new HostError(
      "wrong-protocol",
      `ConfigureProvider answered protocol version ${configured.protocolVersion}; the host speaks ${protocolVersion}`,
    );
  const after = await asked("GetProviderIdentity", lifecycle.getProviderIdentity({}, options));
  return { before, after };
}

/**
 * The handshake with a provider that may have been configured by an earlier host: it refuses to be configured again
 * and keeps what it has, which GetSupport shows (LIFE-6).
 *
 * @throws {@link HostError} as {@link handshake}
 */
export async function attachedHandshake(
  lifecycle: UnaryClient<typeof ProviderLifecycle>,
  runtime: UnaryClient<typeof PluginRuntimeProvider>,
  options: HandshakeOptions,
): Promise<Handshake> {
  const call = {
    timeoutMs: options.times.lifecycleMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  try {
    return await handshake(lifecycle, options);
  } catch (error) {
    if (!(error instanceof HostError) || error.failure !== "configure-refused") throw error;
    if (error.code !== "FAILED_PRECONDITION") throw error;
    const configured = await runtime.getSupport({}, call).then(
      () => true,
      () => false,
    );
    if (!configured) throw error;
    const identity = await asked("GetProviderIdentity", lifecycle.getProviderIdentity({}, call));
    return { before: identity, after: identity };
  }
}

function checkIdentity(identity: ProviderIdentity, kind: ProviderKind): void {
  if (identity.kind !== kind)
    throw new HostError(
      "wrong-kind",
      `the provider says that it is of kind ${ProviderKind[identity.kind]}; the host expects ${ProviderKind[kind]}`,
    );
  const { minProtocolVersion: min, maxProtocolVersion: max } = identity;
  // 0 means that the range has no bound on that side.
  if ((min !== 0 && min > protocolVersion) || (max !== 0 && max < protocolVersion))
    throw new HostError(
      "wrong-protocol",
      `the provider speaks protocol versions ${min} to ${max}; the host speaks ${protocolVersion}`,
    );
}

async function asked<T>(
  method: string,
  answer: Promise<T>,
  failure: "handshake" | "configure-refused" = "handshake",
): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    const { code, message } = RuntimeProviderError.from(cause, method);
    throw new HostError(failure, `${method} failed with ${code}: ${message}`, { code, cause });
  }
}
