import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type {
  BackendContext,
  BackendTraits,
  FoundGuest,
  Guest,
  GuestFacts,
  GuestRequest,
  PluginIo,
  PluginRequest,
  RunningPlugin,
  SessionBackend,
  SessionStore,
  StringMap,
} from "@gestalt-runtime/sdk";
import { GuestClient, GuestGone } from "./guest.js";

const labelsFile = "labels.json";
/** How often a guest that is to go is looked at, before it is left to itself. */
const looks = 50;

/** Runs each plugin in a guest of its own, which lives on when this process does not. A handle is its directory. */
export class GuestBackend implements SessionBackend<string> {
  readonly traits: BackendTraits = {
    kind: "guests",
    needs: "nothing",
    accepts: [],
    egress: "none",
    hostServices: "direct",
    outlivesProvider: true,
  };

  constructor(
    /** Where the guests are. */
    private readonly root: string,
    readonly store: SessionStore,
  ) {}

  async create({ name, labels }: GuestRequest, { signal }: BackendContext): Promise<Guest<string>> {
    // Short: sockets lie in it.
    const directory = join(this.root, createHash("sha256").update(name).digest("hex").slice(0, 12));
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(join(directory, `${labelsFile}~`), JSON.stringify(labels));
    await rename(join(directory, `${labelsFile}~`), join(directory, labelsFile));
    await new GuestClient(directory).boot(signal);
    return { handle: directory, shared: { onHost: directory, inGuest: directory } };
  }

  async launch(
    directory: string,
    { command, args, env, io }: PluginRequest,
    { signal }: BackendContext,
  ): Promise<RunningPlugin> {
    await new GuestClient(directory).run({ command, args, env }, signal);
    return this.#watch(directory, io);
  }

  adopt(directory: string, io: PluginIo): Promise<RunningPlugin> {
    return Promise.resolve(this.#watch(directory, io));
  }

  async destroy(directory: string, { signal }: BackendContext): Promise<"gone" | "going"> {
    const guest = new GuestClient(directory);
    try {
      await guest.remove(signal);
      for (let look = 0; look < looks; look += 1) {
        await delay(20, undefined, { signal });
        await guest.report(signal);
      }
      return "going";
    } catch (error) {
      if (error instanceof GuestGone) return "gone";
      throw error;
    }
  }

  async inspect(directory: string, { signal }: BackendContext): Promise<GuestFacts> {
    try {
      const { program } = await new GuestClient(directory).report(signal);
      return { guest: "up", plugin: program };
    } catch (error) {
      if (error instanceof GuestGone) return { guest: "gone", plugin: "none" };
      throw error;
    }
  }

  async *find(labels: StringMap): AsyncIterable<FoundGuest<string>> {
    for (const name of await readdir(this.root)) {
      const directory = join(this.root, name);
      const text = await readFile(join(directory, labelsFile), "utf8").catch(() => "{}");
      const its = JSON.parse(text) as StringMap;
      if (Object.entries(labels).every(([key, value]) => its[key] === value))
        yield { handle: directory, labels: its };
    }
  }

  #watch(directory: string, io: PluginIo): RunningPlugin {
    const guest = new GuestClient(directory);
    io.pull(async (from, sink, signal) => {
      for (let cursor = Number(from ?? 0); ;) {
        const { chunks, next, ended } = await guest.output(cursor, signal);
        for (const { stream, data } of chunks)
          await sink.write(stream, Buffer.from(data, "base64"), String(next));
        cursor = next;
        if (ended && chunks.length === 0) return;
      }
    });
    return { ended: guest.ended() };
  }
}
