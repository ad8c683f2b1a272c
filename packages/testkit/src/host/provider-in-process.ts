import { inspect } from "node:util";
import {
  RuntimeProviderError,
  servePluginRuntimeProvider,
  type Logger,
  type PluginRuntimeProvider,
} from "@gestalt-runtime/sdk";
import { OutputBuffer } from "./output-buffer.js";
import type { ProcessEnd, ShutdownReport } from "./provider-process.js";
import type { ProviderProgram } from "./provider-program.js";

/**
 * A provider that is served within this process: the object itself, which is then served once, or what makes one
 * from the environment that its process would have had, called for every instance (PROC-9).
 */
export type InProcessProvider =
  | PluginRuntimeProvider
  | ((
      environment: Readonly<Record<string, string>>,
    ) => PluginRuntimeProvider | Promise<PluginRuntimeProvider>);

export interface ServeInProcessOptions {
  readonly provider: InProcessProvider;
  readonly environment: Readonly<Record<string, string>>;
  readonly socketPath: string;
  readonly maxOutputBytes: number;
  readonly onOutput?: ((chunk: Buffer, stream: "stdout" | "stderr") => void) | undefined;
  readonly onSignal: (signal: NodeJS.Signals) => void;
  readonly onExit: (end: ProcessEnd) => void;
}

/** How long a kill waits for a provider that can't be killed. */
const killMs = 200;

/**
 * Serves a provider object on its socket as the SDK would in a process of its own: same services, same border, same
 * socket. What needs a process is not there: signals, the parent watch, an environment and output of its own.
 */
export class ServedProvider implements ProviderProgram {
  readonly attached = false;
  readonly exited: Promise<ProcessEnd>;
  readonly pid = process.pid;
  readonly stdout = "";
  readonly #output: OutputBuffer;
  readonly #options: ServeInProcessOptions;
  readonly #told = new AbortController();
  #end: ProcessEnd | undefined;

  constructor(options: ServeInProcessOptions) {
    this.#options = options;
    this.#output = new OutputBuffer(options.maxOutputBytes);
    this.exited = this.#run();
  }

  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  get stderr(): string {
    return this.#output.text();
  }

  stderrLines(count: number): readonly string[] {
    return this.#output.lastLines(count);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#end !== undefined) return;
    this.#options.onSignal(signal);
    this.#told.abort();
  }

  async kill(): Promise<ProcessEnd> {
    this.signal("SIGKILL");
    return this.#endWithin(killMs);
  }

  async terminate(graceMs: number): Promise<ShutdownReport> {
    const startedAt = performance.now();
    this.signal("SIGTERM");
    const end = await this.#endWithin(graceMs);
    return { ...end, killed: end.signal === "SIGKILL", tookMs: performance.now() - startedAt };
  }

  /** Its end, or that of a process which would have been killed by now. */
  async #endWithin(ms: number): Promise<ProcessEnd> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ProcessEnd>((resolve) => {
      timer = setTimeout(() => resolve({ code: null, signal: "SIGKILL" }), ms);
    });
    const end = await Promise.race([this.exited, late]);
    clearTimeout(timer);
    return end;
  }

  async #run(): Promise<ProcessEnd> {
    const { provider, environment, socketPath, onExit } = this.#options;
    let code = 0;
    try {
      const served = typeof provider === "function" ? await provider(environment) : provider;
      await servePluginRuntimeProvider(served, {
        socketPath,
        signal: this.#told.signal,
        logger: this.#logger(),
      });
    } catch (thrown) {
      const error = RuntimeProviderError.from(thrown, "the provider failed");
      this.#write("error", { error: thrown === error ? error.cause : thrown }, error.message);
      code = 1;
    }
    this.#end = { code, signal: null };
    onExit(this.#end);
    return this.#end;
  }

  #logger(): Logger {
    const at = (level: string): Logger["info"] => {
      return (fields, text) => this.#write(level, fields, text);
    };
    return { debug: () => undefined, info: at("info"), warn: at("warn"), error: at("error") };
  }

  #write(level: string, fields: object, text: string): void {
    const told = Object.entries(fields).filter(([, value]) => value !== undefined);
    const more = told.length === 0 ? "" : ` ${inspect(Object.fromEntries(told), { breakLength: Infinity })}`;
    const line = Buffer.from(`${level} ${text}${more}\n`);
    this.#output.append(line);
    this.#options.onOutput?.(line, "stderr");
  }
}
