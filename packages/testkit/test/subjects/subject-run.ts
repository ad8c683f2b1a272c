import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { IntegrationProvider, openChannel } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import { expect, onTestFinished } from "vitest";
import { fixturePlugin, startProvider, type AtStart, type ProviderInstance } from "../../src/index.js";
import { processesWith } from "../host/fixtures.js";
import { commandOf, type Subject } from "./subjects.js";

/** What the operator's shell holds and no plugin may see. */
export const plantedSecret = "in the operator's shell";

export type Answer = Readonly<Record<string, unknown>>;

/** A folder for everything of one test. After it, nothing may be left there, nor any process that names it. */
export async function subjectFolder(): Promise<string> {
  const folder = await mkdtemp("/tmp/gsub-");
  onTestFinished(async () => {
    try {
      await expect.poll(() => leftovers(folder), { timeout: 10_000 }).toEqual([]);
    } finally {
      for (const pid of await processesWith(folder)) endProcess(pid);
      await rm(folder, { recursive: true, force: true });
    }
  });
  return folder;
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** All that lies in a folder, and the processes that name it. */
export async function leftovers(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
  return [...files, ...(await processesWith(folder)).map((pid) => `process ${pid}`)];
}

export function operatorEnv(folder: string): Record<string, string | undefined> {
  return { PATH: process.env.PATH, LANG: "C.UTF-8", TMPDIR: folder, PLANTED_SECRET: plantedSecret };
}

/** Starts a subject as the host does and, unless told otherwise, configures it. It must end by SIGTERM with code 0. */
export async function startSubject(
  subject: Subject,
  folder: string,
  { config = {}, configured = true, ...options }: SubjectOptions = {},
): Promise<ProviderInstance> {
  const provider = await startProvider({
    command: commandOf(subject),
    args: subject.args,
    name: subject.name,
    tmpDir: folder,
    operatorEnv: operatorEnv(folder),
    ...options,
  });
  onTestFinished(async () => {
    const killedByTest = provider.process.end?.signal === "SIGKILL";
    const { code, killed } = await provider.shutdown();
    if (!killedByTest) expect({ code, killed }, provider.process.stderr).toEqual({ code: 0, killed: false });
  });
  if (configured) await provider.handshake(config);
  return provider;
}

export interface SubjectOptions extends Partial<Parameters<typeof startProvider>[0]> {
  readonly config?: Readonly<Record<string, string | number>>;
  readonly configured?: boolean;
}

export interface RunningPlugin {
  readonly sessionId: string;
  readonly dialTarget: string;
  readonly execute: (
    operation: string,
    params?: Record<string, string | number | boolean>,
  ) => Promise<Answer>;
}

export async function startSession(provider: ProviderInstance, pluginName = "example"): Promise<string> {
  const { id } = await provider.sessions.start({
    pluginName,
    metadata: { provider_kind: "plugin", provider_name: pluginName, team: "blue" },
  });
  await provider.sessions.waitUntilReady(id);
  return id;
}

/** Starts the fixture plugin in a session, and reaches it as the host does. */
export async function startPlugin(
  provider: ProviderInstance,
  { atStart = [], args = [], env = {}, sessionId }: PluginStart = {},
): Promise<RunningPlugin> {
  const id = sessionId ?? (await startSession(provider));
  const { dialTarget } = await provider.runtime.startPlugin({
    sessionId: id,
    pluginName: "example",
    ...fixturePlugin({ atStart, args }),
    env,
  });
  return dial(id, dialTarget);
}

export interface PluginStart {
  readonly atStart?: readonly AtStart[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly sessionId?: string;
}

function dial(sessionId: string, dialTarget: string): RunningPlugin {
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
export async function refusal(call: Promise<unknown>): Promise<{ code: string; message: string }> {
  return call.then(
    () => {
      throw new Error("the call succeeded, but it was to be refused");
    },
    (error: unknown) => error as { code: string; message: string },
  );
}

/** The host's log of a session as `stream message`. */
export function hostLog(subject: Subject, provider: ProviderInstance, sessionId: string): string[] {
  return (provider.logs.read(subject.name, sessionId, 0, 10_000) ?? []).map(
    ({ stream, message }) => `${stream} ${message}`,
  );
}
