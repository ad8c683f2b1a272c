import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import { credentials } from "@grpc/grpc-js";
import { expect, onTestFinished } from "vitest";
import {
  servePluginRuntimeProvider,
  type Logger,
  type PluginRuntimeProvider,
  type ServeOptions,
} from "../../src/index.js";
import {
  openChannel,
  PluginRuntimeProvider as RuntimeService,
  protocolVersion,
  ProviderLifecycle,
  type ProtocolChannel,
  type UnaryClient,
} from "../../src/protocol/index.js";

/** A logger whose lines a test can read: level, text, and the error with its whole story. */
export class LogBook implements Logger {
  readonly lines: string[] = [];

  get text(): string {
    return this.lines.join("\n");
  }

  debug(): void {
    // Left out, as in the default logger.
  }
  info(fields: object, text: string): void {
    this.#add("info", fields, text);
  }
  warn(fields: object, text: string): void {
    this.#add("warn", fields, text);
  }
  error(fields: object, text: string): void {
    this.#add("error", fields, text);
  }

  #add(level: string, fields: object, text: string): void {
    this.lines.push(`${level} ${text} ${inspect(fields)}`);
  }
}

export interface Served {
  readonly log: LogBook;
  readonly socketPath: string;
  readonly channel: ProtocolChannel;
  readonly lifecycle: UnaryClient<typeof ProviderLifecycle>;
  readonly runtime: UnaryClient<typeof RuntimeService>;
  /** Ends the provider; resolves or rejects as `servePluginRuntimeProvider` does. */
  end(): Promise<void>;
}

/** The least that a provider is. */
export function provider(methods: Partial<PluginRuntimeProvider> = {}): PluginRuntimeProvider {
  return {
    getSupport: () => ({ canHostPlugins: true }),
    startSession: ({ metadata }) => ({ id: "session-1", state: "ready", metadata }),
    getSession: (id) => ({ id, state: "running" }),
    stopSession: () => undefined,
    startPlugin: () => ({ id: "plugin-1", dialTarget: "unix:///run/p.sock" }),
    ...methods,
  };
}

/**
 * Serves a provider from within the test, on a real Unix socket, and configures it. After the test it is ended,
 * and its socket must be gone.
 */
export async function serve(
  served: PluginRuntimeProvider,
  options: Omit<ServeOptions, "signal" | "socketPath"> & { readonly configure?: boolean } = {},
): Promise<Served> {
  const { configure = true, ...serveOptions } = options;
  const folder = mkdtempSync("/tmp/l1-");
  const socketPath = join(folder, "p.sock");
  const log = new LogBook();
  const controller = new AbortController();
  const done = servePluginRuntimeProvider(served, {
    socketPath,
    signal: controller.signal,
    logger: log,
    drainTimeoutMs: 100,
    ...serveOptions,
  });
  const ended = done.catch(() => undefined);
  const channel = openChannel(`unix:${socketPath}`, credentials.createInsecure());
  onTestFinished(async () => {
    controller.abort();
    await ended;
    channel.close();
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
  while (!existsSync(socketPath)) await Promise.race([delay(2), done]);
  const lifecycle = channel.client(ProviderLifecycle);
  if (configure) await lifecycle.configureProvider({ name: "under-test", protocolVersion });
  return {
    log,
    socketPath,
    channel,
    lifecycle,
    runtime: channel.client(RuntimeService),
    end: () => {
      controller.abort();
      return done;
    },
  };
}
