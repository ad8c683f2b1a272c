import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { IntegrationProvider, openChannel } from "@gestalt-runtime/sdk/protocol";
import {
  fixturePlugin,
  startProvider,
  type AtStart,
  type ProviderInstance,
  type ProviderInstanceOptions,
} from "@gestalt-runtime/testkit";
import { credentials } from "@grpc/grpc-js";
import { expect, onTestFinished } from "vitest";
import { FakeCloud } from "./fake-cloud/fake-cloud.js";
import type { CallKind, CloudSettings } from "./fake-cloud/settings.js";

export const program = fileURLToPath(new URL("../dist/cloud-runtime.mjs", import.meta.url));

type Config = NonNullable<Parameters<ProviderInstance["handshake"]>[0]>;

/** A cloud, and a directory for everything that providers keep on this machine. After the test both must be empty. */
export interface Place {
  readonly cloud: FakeCloud;
  readonly directory: string;
}

export interface PlaceOptions {
  /**
   * Files stay on this machine: the record of what the cloud may have made without confirming it, which is looked
   * for longer than a test lasts, or what the test itself has put there.
   */
  readonly filesStay?: boolean;
}

export async function openPlace(
  settings: Partial<CloudSettings> = {},
  { filesStay = false }: PlaceOptions = {},
): Promise<Place> {
  const directory = await mkdtemp("/tmp/gcr-");
  const cloud = await FakeCloud.start({ images: images(), ...settings });
  onTestFinished(async () => {
    try {
      const sandboxes = async (): Promise<number> => (await sandboxNames(cloud)).length;
      await expect.poll(sandboxes, { timeout: 10_000, interval: 100 }).toBe(0);
      if (!filesStay) await expect.poll(() => filesBelow(directory)).toEqual([]);
    } finally {
      await cloud.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });
  return { cloud, directory };
}

function images(): CloudSettings["images"] {
  return {
    "docker.io/library/fixture:latest": { directory: dirname(fixturePlugin().command) },
    "docker.io/library/broken:latest": { failure: "unauthorized" },
  };
}

export interface RuntimeOptions extends Partial<ProviderInstanceOptions> {
  readonly config?: Config;
}

/** Starts and configures the cloud runtime as the host does. After the test it ends by SIGTERM, unless the test has ended it. */
export async function startRuntime(
  { cloud, directory }: Place,
  { config = {}, ...options }: RuntimeOptions = {},
): Promise<ProviderInstance> {
  const provider = await startProvider({
    command: program,
    name: "cloud",
    tmpDir: directory,
    operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
    env: { CLOUD_TOKEN: cloud.token },
    ...options,
  });
  // Registered after the place's proof, so that it runs before it.
  onTestFinished(async () => {
    const { code, signal, killed } = await provider.shutdown();
    if (signal !== "SIGKILL" || killed)
      expect({ code, signal, killed, stderr: code === 0 ? "" : provider.process.stderr }).toEqual({
        code: 0,
        signal: null,
        killed: false,
        stderr: "",
      });
  });
  await provider.handshake({ endpoint: cloud.endpoint, region: "test-1", callsPerSecond: 1_000, ...config });
  return provider;
}

export interface SessionOptions {
  readonly image?: string;
  readonly metadata?: Record<string, string>;
  readonly dockerConfigJson?: string;
}

/** Calls StartSession as the host does. */
export async function beginSession(
  provider: ProviderInstance,
  { image = "fixture", metadata = {}, dockerConfigJson }: SessionOptions = {},
): Promise<string> {
  const { id } = await provider.sessions.start({
    pluginName: "example",
    image,
    ...(dockerConfigJson !== undefined && { imagePullAuth: { dockerConfigJson } }),
    metadata: { provider_kind: "plugin", provider_name: "example", ...metadata },
  });
  return id;
}

export async function startSession(
  provider: ProviderInstance,
  options: SessionOptions = {},
): Promise<string> {
  const id = await beginSession(provider, options);
  await provider.sessions.waitUntilReady(id);
  return id;
}

/** Why a session can't be made: StartSession's own error, or what the session says once it is failed. */
export async function failureOf(provider: ProviderInstance, options: SessionOptions = {}): Promise<string> {
  const begun = await beginSession(provider, options).then(
    (sessionId) => ({ sessionId }),
    (error: unknown) => ({ message: (error as Error).message }),
  );
  if ("message" in begun) return begun.message;
  await expect(provider.sessions.waitUntilReady(begun.sessionId)).rejects.toThrow('turned "failed"');
  return (await provider.runtime.getSession(begun)).stateMessage;
}

export interface PluginOptions {
  readonly atStart?: AtStart[];
  readonly args?: string[];
  readonly env?: Record<string, string>;
}

/** What StartPlugin is asked for the fixture plugin of the image. */
export function pluginRequest(sessionId: string, { atStart = [], args = [], env = {} }: PluginOptions = {}) {
  const { args: all } = fixturePlugin({ atStart, args });
  return { sessionId, pluginName: "example", command: "./fixture-plugin.mjs", args: all, env };
}

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
export async function startPlugin(provider: ProviderInstance, options: PluginOptions = {}): Promise<Plugin> {
  const sessionId = await startSession(provider);
  const { dialTarget } = await provider.runtime.startPlugin(pluginRequest(sessionId, options));
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
  return (provider.logs.read(provider.name, sessionId, 0, 10_000) ?? []).map(
    ({ stream, message }) => `${stream} ${message}`,
  );
}

export async function sandboxNames(cloud: FakeCloud): Promise<string[]> {
  return (await cloud.record()).sandboxes.map(({ name }) => name);
}

/** Waits until nothing of any session is left, in the cloud and on this machine. */
export async function allForgotten({ cloud, directory }: Place, timeout = 20_000): Promise<void> {
  const sandboxes = async (): Promise<number> => (await sandboxNames(cloud)).length;
  await expect.poll(sandboxes, { timeout, interval: 100 }).toBe(0);
  const records = (): string[] => filesBelow(directory).filter((file) => file.endsWith(".json"));
  await expect.poll(records, { timeout, interval: 100 }).toEqual([]);
}

/** Waits until the cloud has seen so many calls of a kind. */
export async function callsSeen(cloud: FakeCloud, kind: CallKind, count = 1): Promise<void> {
  await expect
    .poll(async () => (await cloud.record()).counts[kind], { timeout: 30_000 })
    .toBeGreaterThanOrEqual(count);
}

/** What stays on this machine: sockets, locks, records. Empty folders are nothing. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
}
