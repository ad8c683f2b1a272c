import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type {
  BackendTraits,
  Ended,
  Json,
  Reach,
  SessionBackend,
  SessionRuntimeOptions,
} from "../../src/sessions/index.js";
import { http2Server, openRuntime, type RuntimeUnderTest, type TestServer } from "./runtime-support.js";

export const traits: BackendTraits = { kind: "able", egress: "hostname", hostServices: "relay" };

/** A backend and what was asked of it, in order. */
export type NotingBackend = SessionBackend<string> & { asked: string[] };

/** What a test of a backend's capabilities has at hand; all of it is gone after each test. */
export interface AbleHarness {
  /** A folder of the test's own. */
  readonly directory: string;
  /** The way to a server that answers as a plugin does. */
  readonly reach: Extract<Reach, { via: "target" }>;
  /** From now on nothing listens there. */
  stopListening(): Promise<void>;
  backend(changes?: Partial<SessionBackend<string>>): NotingBackend;
  open<H extends Json>(
    backend: SessionBackend<H>,
    options?: SessionRuntimeOptions,
  ): Promise<RuntimeUnderTest>;
}

/** The end of a program that does not end. */
export const never = (): Promise<Ended> => new Promise(() => undefined);

export function ableHarness(): AbleHarness {
  const runtimes: RuntimeUnderTest[] = [];
  let directory = "";
  let server: TestServer | undefined;
  const socket = (): string => join(directory, "plugin.sock");
  const stopListening = async (): Promise<void> => {
    await server?.close();
    server = undefined;
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "gst-c-"));
    server = await http2Server({ path: socket() });
  });

  afterEach(async () => {
    for (const runtime of runtimes.splice(0)) await runtime.close();
    await stopListening();
    await rm(directory, { recursive: true });
  });

  return {
    get directory() {
      return directory;
    },
    get reach() {
      return { via: "target", target: `unix://${socket()}` } as const;
    },
    stopListening,
    backend(changes = {}) {
      const asked: string[] = [];
      const { reach } = this;
      return {
        asked,
        traits,
        create: ({ plugin }) => {
          asked.push(plugin === undefined ? "create" : `create with ${plugin.command}`);
          return Promise.resolve({ handle: "guest", ...(plugin && { plugin: { ended: never(), reach } }) });
        },
        launch: () => {
          asked.push("launch");
          return Promise.resolve({ ended: never(), reach });
        },
        destroy: () => {
          asked.push("destroy");
          return Promise.resolve("gone");
        },
        ...changes,
      };
    },
    async open(backend, options) {
      const runtime = await openRuntime(backend, options);
      runtimes.push(runtime);
      return runtime;
    },
  };
}
