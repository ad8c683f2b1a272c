import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HostError } from "../../host/host-error.js";
import { dialProvider } from "../../host/provider-dial.js";
import { providerEnvironment } from "../../host/provider-environment.js";
import { ProviderProcess, type ProcessEnd } from "../../host/provider-process.js";
import { makeSocketDirectory, removeSocketDirectory } from "../../host/socket-directory.js";
import { hostLimits, hostTimes } from "../../host/times.js";
import type { Launcher } from "../../sandbox/index.js";
import type { Place } from "../leftovers/place.js";
import type { Subject } from "./subject.js";

export interface BareProcessOptions {
  /** Leaves GESTALT_PLUGIN_SOCKET out. */
  readonly withoutSocket?: boolean;
  /** Done before the start, with the path that the socket will have. */
  readonly prepare?: (socketPath: string) => Promise<void>;
  /** Changes the environment that the host would give. */
  readonly environment?: (usual: Record<string, string>) => Record<string, string>;
  readonly cwd?: string;
  /** How the program is started. Default: as the host does. */
  readonly launch?: Launcher;
}

/** A process of the provider that the host would start otherwise: without a variable, or with something in its way. */
export class BareProcess {
  private constructor(
    readonly process: ProviderProcess,
    readonly socketPath: string,
    readonly subject: Subject,
  ) {}

  static async spawn(subject: Subject, place: Place, options: BareProcessOptions): Promise<BareProcess> {
    const socketPath = join(place.ofSuite(await makeSocketDirectory(place.directory)), "plugin.sock");
    await options.prepare?.(socketPath);
    const { PATH, HOME, LANG, TZ, SSL_CERT_FILE, SSL_CERT_DIR } = process.env;
    const usual = providerEnvironment({
      operator: { PATH, HOME, LANG, TZ, SSL_CERT_FILE, SSL_CERT_DIR, TMPDIR: place.directory },
      entry: { ...place.providerEnv, ...subject.options.env },
      socketPath,
      parentPid: process.pid,
      name: subject.name,
      hostServices: {},
    });
    const withSocket = Object.entries(usual).filter(
      ([name]) => options.withoutSocket !== true || name !== "GESTALT_PLUGIN_SOCKET",
    );
    const environment = Object.fromEntries(withSocket);
    const child = await ProviderProcess.spawn({
      command: subject.command ?? "",
      args: subject.args,
      environment: options.environment?.(environment) ?? environment,
      cwd: options.cwd ?? process.cwd(),
      maxOutputBytes: hostLimits.outputBytes,
      launch: options.launch,
    });
    return new BareProcess(child, socketPath, subject);
  }

  /** SIGTERM, and SIGKILL after the host's 2 s; then what the host would remove. */
  async end(): Promise<void> {
    await this.process.terminate(hostTimes.providerStopMs);
    await removeSocketDirectory(dirname(this.socketPath));
  }

  get stderr(): string {
    return this.process.stderr;
  }

  /** Its end, or `undefined` when it still runs after so long. */
  async endWithin(limitMs: number): Promise<ProcessEnd | undefined> {
    const limit = new AbortController();
    const late = delay(limitMs, undefined, { signal: limit.signal }).catch(() => undefined);
    const end = await Promise.race([this.process.exited, late]);
    limit.abort();
    return end;
  }

  /** Waits for it as the host does; what kept it from serving, or `undefined` when it serves. */
  async servingFault(signal: AbortSignal): Promise<string | undefined> {
    try {
      const channel = await dialProvider(this.process, {
        socketPath: this.socketPath,
        times: { ...hostTimes, providerStartMs: this.subject.times.startMs },
        diagnosisLines: hostLimits.diagnosisLines,
        signal,
      });
      channel.close();
      return undefined;
    } catch (error) {
      if (error instanceof HostError) return error.message;
      throw error;
    }
  }
}
