import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import {
  openChannel,
  PluginRuntimeProvider,
  protocolVersion,
  ProviderLifecycle,
  type ProtocolChannel,
  type UnaryClient,
} from "../../src/protocol/index.js";

export function fixture(name: string): string {
  const path = fileURLToPath(new URL(`../.fixtures/${name}.mjs`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing; run node scripts/build-fixtures.mjs sdk`);
  return path;
}

/** A short, empty folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync("/tmp/l1-");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  readonly socketPath?: string;
  /** What the fixture reads from LEVEL1. */
  readonly choices?: object;
  /** Added to, or with undefined taken from, what a host passes. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Leave stderr alone until the test reads it. */
  readonly readStderr?: boolean;
}

/** A provider as a host starts it: stdin null, the host's environment and nothing else (PROC-4, PROC-5). */
export class ProviderProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<Exit>;
  readonly socketPath: string;
  stdout = "";
  stderr = "";

  constructor(options: StartOptions = {}) {
    this.socketPath = options.socketPath ?? join(temporaryFolder(), "p.sock");
    const env: Record<string, string | undefined> = {
      PATH: process.env.PATH,
      GESTALT_PLUGIN_SOCKET: this.socketPath,
      GESTALT_PLUGIN_PARENT_PID: String(process.pid),
      ...(options.choices !== undefined && { LEVEL1: JSON.stringify(options.choices) }),
      ...options.env,
    };
    for (const name of Object.keys(env)) if (env[name] === undefined) Reflect.deleteProperty(env, name);
    const child = spawn(process.execPath, [fixture("level1-provider")], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    child.stdout.on("data", (chunk: Buffer) => (this.stdout += chunk.toString()));
    if (options.readStderr !== false) this.readStderr();
    this.exit = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
    onTestFinished(async () => {
      this.readStderr();
      child.kill("SIGKILL");
      await this.exit;
    });
  }

  readStderr(): void {
    if (this.child.stderr?.listenerCount("data") === 0)
      this.child.stderr.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
  }

  /** Resolves when stderr holds the text; rejects when the process ended without it. */
  async said(text: string): Promise<void> {
    await until(() => this.stderr.includes(text) || this.ended, `stderr to hold ${JSON.stringify(text)}`);
    if (!this.stderr.includes(text)) throw new Error(`ended without saying ${text}:\n${this.stderr}`);
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

export interface Provider extends ProviderProcess {
  readonly channel: ProtocolChannel;
  readonly lifecycle: UnaryClient<typeof ProviderLifecycle>;
  readonly runtime: UnaryClient<typeof PluginRuntimeProvider>;
}

/** Starts a provider, waits for its socket as the host does, and configures it unless told otherwise. */
export async function startProvider(options: StartOptions = {}, configure = true): Promise<Provider> {
  const provider = new ProviderProcess(options);
  await until(() => existsSync(provider.socketPath) || provider.ended, "the socket");
  if (!existsSync(provider.socketPath)) {
    await provider.exit;
    throw new Error(`the provider did not start:\n${provider.stderr}`);
  }
  const channel = open(provider.socketPath);
  const lifecycle = channel.client(ProviderLifecycle);
  if (configure) await lifecycle.configureProvider({ name: "runtime-under-test", protocolVersion });
  return Object.assign(provider, { channel, lifecycle, runtime: channel.client(PluginRuntimeProvider) });
}

/** A channel that is closed after the test. */
export function open(socketPath: string): ProtocolChannel {
  const channel = openChannel(`unix:${socketPath}`, credentials.createInsecure());
  onTestFinished(() => channel.close());
  return channel;
}

/** Waits for a fact. The bound is a net for a broken program, no measure. */
export async function until(fact: () => boolean, what: string, boundMs = 20_000): Promise<void> {
  const end = Date.now() + boundMs;
  while (!fact()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await delay(5);
  }
}

/** Whether somebody accepts a connection at this path. */
export function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** What is left in a folder, hidden names too. */
export function leftIn(folder: string): string[] {
  return readdirSync(folder).sort();
}

/** Whether a process exists; a zombie that its parent has not collected counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends a program that the test did not start itself, where it is still there after the test. */
export function killAfterwards(pid: number): void {
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
  });
}
