import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import { credentials } from "@grpc/grpc-js";
import { formatDialTarget, parseDialTarget, type DialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { openChannel, type UnaryCallOptions, type UnaryClient } from "../protocol/unary-client.js";
import { trustedRoots } from "./trusted-roots.js";

const tokenHeader = "x-gestalt-host-service-relay-token";

/** Where a host service is looked up. */
export interface HostServiceOptions {
  /** Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A connection to one host service. Close it when done. */
export interface HostService {
  /** Where the service is dialled. */
  readonly target: DialTarget;
  /** A typed client of a generated service; every call carries the token of the binding. */
  client<S extends GenService<GenServiceMethods>>(service: S): UnaryClient<S>;
  /** Lets go of the connection; no call may follow. */
  close(): void;
}

/**
 * Opens a host service that the host has bound under a variable, such as `GESTALT_CACHE_SOCKET`: a bare path,
 * `unix://`, `tcp://` or `tls://` (BIND-2, BIND-3). The token in `<variable>_TOKEN` goes along with every call. No
 * proxy of the environment is used, since relays are reached directly under any policy (SUP-4, EGR-4).
 *
 * A `tls://` relay is checked against the certificates of Node.js, or of `SSL_CERT_FILE`, and those in
 * `GESTALT_HOST_SERVICE_TLS_CA_PEM` or `GESTALT_HOST_SERVICE_TLS_CA_FILE`. It connects at the first call.
 *
 * @throws {@link RuntimeProviderError} FAILED_PRECONDITION or INVALID_ARGUMENT, naming the variable that is
 *   missing or can't be read
 */
export function openHostService(envVar: string, options: HostServiceOptions = {}): HostService {
  const env = options.env ?? process.env;
  const value = env[envVar] ?? "";
  if (value === "")
    throw new RuntimeProviderError(
      "FAILED_PRECONDITION",
      `${envVar} is not set; the host sets it for a plugin that this host service is bound to`,
    );
  const target = parseDialTarget(value.startsWith("/") ? `unix://${value}` : value, envVar);
  const token = env[`${envVar}_TOKEN`] ?? "";
  const trusted =
    target.type === "tls" ? credentials.createSsl(trustedRoots(env)) : credentials.createInsecure();
  const channel = openChannel(addressOf(target), trusted, {
    ...(target.type === "tls" && { "grpc.default_authority": bracketed(target.host) }),
    // grpc-js waits up to two minutes between attempts by default: a host that is back would not be noticed.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
  });
  return {
    target,
    client: (service) => withToken(channel.client(service), { envVar, target, token }),
    close: () => channel.close(),
  };
}

interface Binding {
  readonly envVar: string;
  readonly target: DialTarget;
  readonly token: string;
}

type Call = (request?: unknown, options?: UnaryCallOptions) => Promise<unknown>;

function withToken<C extends object>(client: C, binding: Binding): C {
  const calls = Object.entries(client).map(([name, call]) => [
    name,
    async (request?: unknown, options: UnaryCallOptions = {}) => {
      const metadata = { ...options.metadata, ...(binding.token !== "" && { [tokenHeader]: binding.token }) };
      try {
        return await (call as Call)(request, { ...options, metadata });
      } catch (thrown) {
        throw explained(RuntimeProviderError.from(thrown, name), binding);
      }
    },
  ]);
  return Object.fromEntries(calls) as C;
}

/** What the way to a service answers is told with the variable; what the service itself says is left as it is. */
function explained(error: RuntimeProviderError, { envVar, target, token }: Binding): RuntimeProviderError {
  const isEcho = token !== "" && error.message.includes(token);
  const text = isEcho ? error.message.replaceAll(token, "[redacted]") : error.message;
  const mend = mendOf(error.code, envVar, token !== "");
  if (mend === undefined && !isEcho) return error;
  const message = mend === undefined ? text : `${envVar} (${formatDialTarget(target)}): ${text}; ${mend}`;
  // A cause that repeats the token would carry it into whatever prints the error.
  return new RuntimeProviderError(error.code, message, isEcho ? {} : { cause: error });
}

function mendOf(code: string, envVar: string, hasToken: boolean): string | undefined {
  if (code === "UNAVAILABLE") return "does the host serve it there, and can it be reached from here?";
  if (code !== "UNAUTHENTICATED" && code !== "PERMISSION_DENIED") return undefined;
  return hasToken
    ? `is ${envVar}_TOKEN this session's own, for this service?`
    : `${envVar}_TOKEN is not set; a relayed service wants it`;
}

function addressOf(target: DialTarget): string {
  return target.type === "unix" ? `unix:${target.path}` : `${bracketed(target.host)}:${target.port}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
