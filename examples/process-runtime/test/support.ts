import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
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

export const program = fileURLToPath(new URL("../dist/process-runtime.mjs", import.meta.url));

type Config = NonNullable<Parameters<ProviderInstance["handshake"]>[0]>;

/** A directory for everything of one test. After it, nothing may be left there, and no process that names it. */
export async function testDirectory(): Promise<string> {
  const directory = await mkdtemp("/tmp/gpr-");
  onTestFinished(async () => {
    try {
      await expect.poll(() => leftovers(directory), { timeout: 5_000 }).toEqual([]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
  return directory;
}

/** What is in the directory, and the processes whose environment or command line names it. */
export async function leftovers(directory: string): Promise<string[]> {
  const left = (await readdir(directory, { recursive: true })).map((name) => join(directory, name));
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    for (const file of ["environ", "cmdline"]) {
      const text = await readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
      if (text.includes(directory)) left.push(`process ${pid} (${file})`);
    }
  }
  return left;
}

/** A zombie that its new parent has not collected yet has ended. */
export const isAlive = isProcessAlive;

/** Starts and configures the process runtime as the host does; it is shut down after the test. */
export async function startRuntime(
  directory: string,
  config?: Config,
  options: Partial<ProviderInstanceOptions> = {},
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
    await provider.shutdown();
  });
  await provider.handshake(config);
  return provider;
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
