import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { credentials } from "@grpc/grpc-js";
import { waitForHttp2 } from "@gestalt-runtime/sdk";
import { IntegrationProvider, openChannel, type UnaryClient } from "@gestalt-runtime/sdk/protocol";
import { expect, onTestFinished } from "vitest";
import {
  fixturePlugin,
  type FixtureOperationId,
  type FixtureOperations,
  type FixturePluginOptions,
} from "../../src/index.js";

export interface StartOptions extends FixturePluginOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A program that starts the plugin, and its arguments. */
  readonly wrapper?: readonly [string, ...string[]];
  /** How the socket's path is told. */
  readonly scheme?: "unix://" | "";
  /** The file's name in its directory. */
  readonly socketName?: string;
}

/** A fixture plugin that a test started itself, without a host. Ends with the test, which then proves it. */
export interface RunningPlugin {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly socketPath: string;
  readonly integration: UnaryClient<typeof IntegrationProvider>;
  readonly output: { stdout: Buffer; stderr: Buffer };
  /** Resolves when it accepts HTTP/2. */
  ready(): Promise<void>;
  /** Resolves when it has ended; what it started may still hold its output open. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Calls an operation that must succeed. */
  call<K extends FixtureOperationId>(
    id: K,
    params?: FixtureOperations[K]["params"],
  ): Promise<FixtureOperations[K]["result"]>;
  execute(operation: string, params?: object): Promise<{ status: number; body: unknown }>;
  /** Has the end of the test kill this process and await its end. */
  adopt(pid: number): void;
}

export async function startPlugin(options: StartOptions = {}): Promise<RunningPlugin> {
  const directory = await mkdtemp(join(tmpdir(), "fixture-"));
  const socketPath = join(directory, options.socketName ?? "p.sock");
  const { command, args } = fixturePlugin(options);
  const line: readonly [string, ...string[]] = options.wrapper ? [...options.wrapper, command] : [command];
  const [program, ...before] = line;
  const child = spawn(program, [...before, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      GESTALT_PLUGIN_SOCKET: `${options.scheme ?? ""}${socketPath}`,
      ...options.env,
    },
  });
  const output = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (chunk: Buffer) => (output[name] = Buffer.concat([output[name], chunk])));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  const channel = openChannel(`unix:${socketPath}`, credentials.createInsecure());
  const integration = channel.client(IntegrationProvider);
  const pids = new Set<number>();

  onTestFinished(async () => {
    channel.close();
    child.kill("SIGKILL");
    await ended;
    for (const pid of pids) if (isRunning(pid)) process.kill(pid, "SIGKILL");
    child.stdout.destroy();
    child.stderr.destroy();
    await rm(directory, { recursive: true });
    await expect.poll(() => processesOf(directory)).toEqual([]);
  });

  const execute: RunningPlugin["execute"] = async (operation, params = {}) => {
    const answer = await integration.execute(
      { operation, params: params as JsonObject },
      { timeoutMs: 10_000 },
    );
    return { status: answer.status, body: JSON.parse(answer.body) as unknown };
  };
  return {
    child,
    directory,
    socketPath,
    integration,
    output,
    ended,
    execute,
    ready: async () => {
      await waitForHttp2({ type: "unix", path: socketPath }, { signal: AbortSignal.timeout(20_000) });
    },
    call: async (id, params) => {
      const { status, body } = await execute(id, params);
      expect(body).not.toHaveProperty("error");
      expect(status).toBe(200);
      return body;
    },
    adopt: (pid) => pids.add(pid),
  };
}

export function isRunning(pid: number): boolean {
  // A zombie has ended: only its parent has not asked yet.
  return existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(read(`/proc/${pid}/status`));
}

/** Processes that name the directory in their environment: a plugin's and all that it started. */
function processesOf(directory: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).includes(directory))
    .map(Number)
    .filter(isRunning);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
