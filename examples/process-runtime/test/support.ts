import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isProcessAlive } from "@gestalt-runtime/sdk/processes";
import type { RuntimeProviderError } from "@gestalt-runtime/sdk";
import {
  fixturePlugin,
  startProvider,
  type AtStart,
  type ProviderInstance,
  type ProviderInstanceOptions,
} from "@gestalt-runtime/testkit";
import { IntegrationProvider, openChannel } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import { expect, onTestFinished } from "vitest";
import { processesNaming, stillRuns, treesOf, type SeenProcess } from "./processes.js";

export const program = fileURLToPath(new URL("../dist/process-runtime.mjs", import.meta.url));

type Config = NonNullable<Parameters<ProviderInstance["handshake"]>[0]>;

/**
 * A directory for everything of one test. After it, nothing may be left there, and no process that names it, nor
 * any that such a process has started.
 */
export async function testDirectory(): Promise<string> {
  const directory = await mkdtemp("/tmp/gpr-");
  onTestFinished(async () => {
    try {
      await expect.poll(() => leftovers(directory), { timeout: 5_000 }).toEqual([]);
    } finally {
      for (const { pid } of processesBelow(directory)) endProcess(pid);
      await rm(directory, { recursive: true, force: true });
    }
  });
  return directory;
}

/** What is in the directory, the processes whose environment or command line names it, and their descendants. */
export function leftovers(directory: string): string[] {
  const left = readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name)));
  return [...left, ...processesBelow(directory).map(({ pid, name }) => `process ${pid} (${name})`)];
}

function processesBelow(directory: string): SeenProcess[] {
  return treesOf(processesNaming(directory));
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** A zombie that its new parent has not collected yet has ended. */
export const isAlive = isProcessAlive;

export interface RuntimeOptions extends Partial<ProviderInstanceOptions> {
  /** Called with the provider before it is configured, instead of the host's handshake. */
  readonly configure?: (provider: ProviderInstance) => Promise<unknown>;
}

/**
 * Starts and configures the process runtime as the host does. It is shut down after the test: unless the test has
 * killed it, it must end by SIGTERM with exit code 0, and in any case without a process of its own staying behind.
 */
export async function startRuntime(
  directory: string,
  config?: Config,
  { configure, ...options }: RuntimeOptions = {},
): Promise<ProviderInstance> {
  const provider = await startProvider({
    command: program,
    name: "process",
    tmpDir: directory,
    operatorEnv: { PATH: process.env.PATH, TMPDIR: directory, PLANTED_SECRET: "in the operator's shell" },
    ...options,
  });
  // Registered after the directory's proof, so that it runs before it.
  onTestFinished(async () => {
    const processes = processesOf(provider);
    const { code, signal, killed } = await provider.shutdown();
    const killedByTest = signal === "SIGKILL" && !killed;
    if (!killedByTest) expect({ code, signal, killed }).toEqual({ code: 0, signal: null, killed: false });
    await expect.poll(() => processes.filter(stillRuns)).toEqual([]);
  });
  // What is asked of isolated plugins is asked in the tests of isolation; the others look into their plugins from outside.
  await (configure === undefined
    ? provider.handshake({ isolation: "none", ...config })
    : configure(provider));
  return provider;
}

/** The provider's process and all that it holds: plugins, their descendants, and what keeps them together. */
export function processesOf(provider: ProviderInstance): SeenProcess[] {
  return provider.process.end === undefined ? treesOf([provider.process.pid]) : [];
}

export async function startSession(provider: ProviderInstance, pluginName = "example"): Promise<string> {
  const { id } = await provider.sessions.start({
    pluginName,
    metadata: { provider_kind: "plugin", provider_name: pluginName },
  });
  await provider.sessions.waitUntilReady(id);
  return id;
}

/** What an operation of the fixture plugin answered. */
export type Answer = Record<string, unknown>;

export interface Plugin {
  readonly sessionId: string;
  readonly dialTarget: string;
  readonly execute: (
    operation: string,
    params?: Record<string, string | number | boolean>,
  ) => Promise<Answer>;
  /** Ends the connection before the test's end does. */
  readonly close: () => void;
}

/** Starts a session with the fixture plugin in it. */
export async function startPlugin(
  provider: ProviderInstance,
  {
    atStart = [],
    args = [],
    env = {},
  }: { atStart?: AtStart[]; args?: string[]; env?: Record<string, string> } = {},
): Promise<Plugin> {
  const sessionId = await startSession(provider);
  const { dialTarget } = await provider.runtime.startPlugin({
    sessionId,
    pluginName: "example",
    env,
    ...fixturePlugin({ atStart, args }),
  });
  return dial(sessionId, dialTarget);
}

export function dial(sessionId: string, dialTarget: string): Plugin {
  const channel = openChannel(dialTarget.replace("unix://", "unix:"), credentials.createInsecure());
  onTestFinished(() => channel.close());
  const client = channel.client(IntegrationProvider);
  return {
    sessionId,
    dialTarget,
    close: () => channel.close(),
    execute: async (operation, params = {}) => {
      const { status, body } = await client.execute({ operation, params });
      expect({ operation, status, body }).toMatchObject({ status: 200 });
      return JSON.parse(body) as Answer;
    },
  };
}

/** What a call was refused with. */
export async function refusal(
  call: Promise<unknown>,
): Promise<Pick<RuntimeProviderError, "code" | "message">> {
  return call.then(
    () => {
      throw new Error("the call succeeded, but it was to be refused");
    },
    (error: unknown) => error as RuntimeProviderError,
  );
}

/** The host's log of a session as `stream message`. */
export function hostLog(provider: ProviderInstance, sessionId: string): string[] {
  return (provider.logs.read("process", sessionId, 0, 10_000) ?? []).map(
    ({ stream, message }) => `${stream} ${message}`,
  );
}
