import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Http2Server } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  BackendTraits,
  Ended,
  Guest,
  PluginRequest,
  RunningPlugin,
  SessionBackend,
  SessionLimits,
} from "../../src/sessions/index.js";

type Handle = { readonly directory: string };

/** A promise that the test settles. */
export interface Gate {
  readonly promise: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** A backend whose guests are directories and whose plugins are HTTP/2 servers of this process; each step can be held up or broken. */
export class FakeBackend implements SessionBackend<Handle> {
  traits: BackendTraits = { kind: "fake", needs: "nothing", egress: "none", hostServices: "direct" };
  limits: SessionLimits = {};
  readonly calls: string[] = [];
  readonly guests = new Set<string>();
  readonly plugins: { request: PluginRequest; end: (ended: Ended) => void; server: Http2Server }[] = [];
  /** Steps that the test holds up or makes fail. They ignore the abort signal, as a cloud's client may. */
  beforeCreate: () => Promise<void> = () => Promise.resolve();
  beforeLaunch: () => Promise<void> = () => Promise.resolve();
  beforeDestroy: () => Promise<void> = () => Promise.resolve();
  /** False: the plugin never listens. */
  listens = true;

  async create(): Promise<Guest<Handle>> {
    this.calls.push("create");
    await this.beforeCreate();
    const directory = await mkdtemp(join(tmpdir(), "gst-t-"));
    this.guests.add(directory);
    return {
      handle: { directory },
      shared: { onHost: directory, inGuest: directory },
      env: { HOME: directory },
    };
  }

  async launch({ directory }: Handle, request: PluginRequest): Promise<RunningPlugin> {
    this.calls.push("launch");
    await this.beforeLaunch();
    // What arrives late makes its things all the same.
    await mkdir(directory, { recursive: true });
    const server = createServer();
    let end: (ended: Ended) => void = () => undefined;
    const ended = new Promise<Ended>((resolve) => {
      end = resolve;
    });
    this.plugins.push({ request, end, server });
    this.guests.add(directory);
    if (this.listens) await new Promise<void>((resolve) => server.listen(join(directory, "p.sock"), resolve));
    return { ended };
  }

  async destroy({ directory }: Handle): Promise<"gone"> {
    this.calls.push("destroy");
    await this.beforeDestroy();
    for (const { request, server, end } of this.plugins) {
      if (request.env.GESTALT_PLUGIN_SOCKET !== join(directory, "p.sock")) continue;
      server.close();
      end({ how: "signal", signal: "SIGKILL" });
    }
    await rm(directory, { recursive: true, force: true });
    this.guests.delete(directory);
    return "gone";
  }
}
