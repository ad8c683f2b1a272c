import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { CallContext } from "../provider/context.js";
import type { Logger } from "../provider/logger.js";
import type { ExtraService } from "../operations/extra-service.js";
import type { Middleware } from "../operations/middleware.js";
import { redactingLogger } from "../operations/redacting-logger.js";
import type { PluginRuntimeProvider } from "../provider/provider.js";
import { CallRegister } from "../services/call-register.js";
import { addProviderServices, providerServices } from "../services/services.js";
import { drain } from "./drain.js";
import { EndSignal, exitProcess, watchProcess, watchSignal } from "./end.js";
import { createServer, listen } from "./server.js";
import { SocketPath } from "./socket-path.js";
import { createStderrLogger } from "./stderr-logger.js";

/** Where and how a provider is served; the defaults are those of a program of its own. */
export interface ServeOptions {
  /** Path of the Unix socket. Default: the variable `GESTALT_PLUGIN_SOCKET`. */
  readonly socketPath?: string;
  /**
   * Makes the provider part of a program of yours: aborting it ends the provider, no signal handlers are
   * installed, the parent is not watched, and the process is not ended. Default: none, the process is the provider's.
   */
  readonly signal?: AbortSignal;
  /** Milliseconds that calls in flight get when the provider ends. Default 400; 100 after the host's death. */
  readonly drainTimeoutMs?: number;
  /** Milliseconds that the close hook gets after that. Default 1,300; 1,000 after the host's death. */
  readonly closeTimeoutMs?: number;
  /** Milliseconds after which a call that is still in flight is named in the log, once. Default 60,000. */
  readonly slowCallMs?: number;
  /**
   * What the SDK and the provider log: pino's loggers fit. Secrets are taken out before it is called. Default: lines on stderr,
   * which the host passes on.
   */
  readonly logger?: Logger;
  /**
   * Run around every call of the host, the first one outermost: they may time it, log it or refuse it. Default:
   * none, which costs nothing.
   */
  readonly middleware?: readonly Middleware[];
  /**
   * Served beside the provider's own, on the same socket: gRPC's health and reflection services, which
   * `@gestalt-runtime/sdk/operations` has, or some of your own. Middleware does not see their calls. Default: none.
   */
  readonly services?: readonly ExtraService[];
}

/**
 * Serves a runtime provider on the socket that the host named, until the host ends it (PROC-1 to PROC-9).
 *
 * As a program of its own (without `options.signal`) it ends the process: with 0 after SIGTERM, SIGINT or the
 * host's death, with 1 when it could not start, when the close hook failed, or after an uncaught exception.
 * With `options.signal` it resolves when all is closed, and rejects where the program would have ended with 1.
 */
export async function servePluginRuntimeProvider(
  provider: PluginRuntimeProvider,
  options: ServeOptions = {},
): Promise<void> {
  const { signal } = options;
  const redact = (text: string): string => provider.redact?.(text) ?? text;
  const logger = redactingLogger(options.logger ?? createStderrLogger(), redact);
  const end = new EndSignal();
  if (signal !== undefined) {
    const unwatch = watchSignal(signal, end);
    try {
      await run(provider, options, logger, end);
    } catch (thrown) {
      throw RuntimeProviderError.from(thrown, "the provider failed");
    } finally {
      unwatch();
    }
    return;
  }
  try {
    // Never taken away: a second signal on the way out must not change how the process ends.
    watchProcess(logger, end);
    await run(provider, options, logger, end);
  } catch (thrown) {
    const error = RuntimeProviderError.from(thrown, "the provider failed");
    logger.error({ error: thrown === error ? error.cause : thrown }, error.message);
    end.exitCode = 1;
  }
  await exitProcess(end);
}

async function run(
  provider: PluginRuntimeProvider,
  options: ServeOptions,
  logger: Logger,
  end: EndSignal,
): Promise<void> {
  const socket = new SocketPath(options.socketPath ?? socketPathOf(process.env));
  const server = createServer();
  const calls = new CallRegister(logger, options.slowCallMs ?? 60_000);
  const lifecycle = addProviderServices(server, provider, {
    calls,
    logger,
    ...(provider.redact !== undefined && { redact: (text) => provider.redact?.(text) ?? text }),
    ...(options.middleware !== undefined && { middleware: options.middleware }),
  });
  const extras = options.services ?? [];
  const served = {
    services: [...providerServices, ...extras.flatMap(({ services }) => services)],
    isHealthy: async () => (await lifecycle.healthCheck(backgroundCall(logger))).ready,
  };
  const stops = extras.map((extra) => extra.start(server, served));
  const failures: unknown[] = [];
  const attempt = async (step: () => void | Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  };
  await attempt(async () => {
    // An instance may be told to end at any moment of its start (PROC-9): each step looks first.
    if (!end.began) await socket.prepare();
    if (!end.began) await listen(server, socket.listenPath);
    if (!end.began) await socket.publish();
    await end.promise;
  });
  // Whatever fails on the way out, the rest is closed all the same.
  await attempt(() => socket.remove());
  lifecycle.close();
  // Their streams would hold up the drain.
  for (const stop of stops) await attempt(() => stop?.());
  await attempt(() => drain(server, calls, logger, options.drainTimeoutMs ?? (end.hostIsGone ? 100 : 400)));
  await attempt(() => runCloseHook(provider, options.closeTimeoutMs ?? (end.hostIsGone ? 1_000 : 1_300)));
  calls.close();
  const [first, ...others] = failures;
  for (const error of others) logger.error({ error }, "another failure while the provider ended");
  if (failures.length > 0) throw first;
}

/** For what nobody has called for. */
function backgroundCall(logger: Logger): CallContext {
  return { method: "HealthCheck", signal: new AbortController().signal, deadline: undefined, logger };
}

async function runCloseHook(provider: PluginRuntimeProvider, timeoutMs: number): Promise<void> {
  if (provider.close === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new RuntimeProviderError("DEADLINE_EXCEEDED", `the close hook did not end within ${timeoutMs} ms`),
        ),
      timeoutMs,
    );
  });
  try {
    await Promise.race([provider.close(), late]);
  } catch (thrown) {
    throw RuntimeProviderError.from(thrown, "the close hook failed");
  } finally {
    clearTimeout(timer);
  }
}

function socketPathOf(env: NodeJS.ProcessEnv): string {
  const path = env.GESTALT_PLUGIN_SOCKET;
  if (path !== undefined && path !== "") return path;
  throw new RuntimeProviderError(
    "FAILED_PRECONDITION",
    "GESTALT_PLUGIN_SOCKET is not set: it names the Unix socket to serve on; gestaltd sets it when it starts a provider, so let gestaltd (or the testkit's host) start this program",
  );
}
