import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Http2Server } from "node:http2";
import { join } from "node:path";
import { createEgressProxy, enforcedEgress } from "../../src/egress/index.js";
import {
  BackendError,
  type BackendContext,
  type Ended,
  type JsonObject,
  type SessionBackend,
  type SessionStore,
} from "../../src/index.js";
import { openProcessTree, type ProcessTree } from "../../src/processes/index.js";

/** Where the backend puts what it should keep to itself; each is to be seen in the output, without the secrets. */
export const leaks = [
  "progress",
  "text of a log line",
  "error of create",
  "cause in a log line",
  "error that is tried again",
  "error of pull",
  "end of a guest",
  "error of destroy",
  "health",
] as const;

/** A backend that repeats every secret that it gets, wherever it can. */
export class LeakyBackend implements SessionBackend<string> {
  readonly traits = { kind: "leaky", needs: "nothing", egress: "hostname", hostServices: "relay" } as const;
  readonly #trees = new Map<string, ProcessTree>();
  readonly #ends = new Map<string, { server: Http2Server; end: (ended: Ended) => void }>();
  readonly #closing: (() => Promise<void>)[] = [];
  #failedOnce = false;
  #destroyed = 0;

  constructor(
    private readonly config: JsonObject,
    readonly store: SessionStore,
  ) {}

  check(): Promise<void> {
    return Promise.reject(new Error(leak("health", this.config)));
  }

  async create(request: Parameters<SessionBackend["create"]>[0], context: BackendContext) {
    const { username = "", password = "" } = request.pullCredentials ?? {};
    const secrets = [this.config, request, Buffer.from(`${username}:${password}`).toString("base64")];
    context.progress(leak("progress", secrets));
    context.logger.debug({ request, config: this.config }, leak("text of a log line", secrets));
    context.logger.warn(
      { error: new Error("outer", { cause: new Error(leak("cause in a log line", secrets)) }) },
      `leak: cause in a log line`,
    );
    if (request.pluginName === "never") throw new BackendError("INTERNAL", leak("error of create", secrets));
    if (!this.#failedOnce) {
      this.#failedOnce = true;
      throw new BackendError("UNAVAILABLE", leak("error that is tried again", secrets), { retryable: true });
    }
    const directory = await mkdtemp("/tmp/leak-");
    this.#trees.set(directory, await openProcessTree());
    return { handle: directory, shared: { onHost: directory, inGuest: directory } };
  }

  async launch(
    directory: string,
    plugin: Parameters<NonNullable<SessionBackend["launch"]>>[1],
    context: BackendContext,
  ) {
    const enforced = enforcedEgress({ ...plugin.egress, env: plugin.env });
    if (enforced === undefined) throw new Error("there is a policy");
    const proxy = await createEgressProxy({
      ...enforced.proxy,
      onDenied: (event) => context.logger.info(event, "denied"),
      onFailed: (event) => context.logger.info(event, "failed"),
    });
    this.#closing.push(() => proxy.close());
    const tree = this.#trees.get(directory);
    if (tree === undefined) throw new Error("the session was stopped");
    if (plugin.pluginName === "prints") {
      const child = await tree.spawn({ command: plugin.command, args: plugin.args, env: plugin.env });
      plugin.io.consume("stdout", child.stdout);
      plugin.io.consume("stderr", child.stderr);
      return { ended: child.ended };
    }
    plugin.io.pull(() => Promise.reject(new Error(leak("error of pull", plugin.env))));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(directory, "p.sock"), resolve));
    const ended = new Promise<Ended>((resolve) => {
      this.#ends.set(directory, { server, end: resolve });
    });
    this.#vanish = () =>
      this.#ends.get(directory)?.end({ how: "vanished", detail: leak("end of a guest", plugin.env) });
    return { ended };
  }

  /** Ends the plugin that runs. */
  vanish(): void {
    this.#vanish();
  }
  #vanish: () => void = () => undefined;

  async destroy(directory: string): Promise<"gone"> {
    this.#destroyed += 1;
    if (this.#destroyed === 1) throw new Error(leak("error of destroy", this.config));
    await this.#trees.get(directory)?.stop({ graceMs: 100 });
    this.#ends.get(directory)?.server.close();
    await rm(directory, { recursive: true, force: true });
    return "gone";
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.map((close) => close()));
  }
}

function leak(where: (typeof leaks)[number], secrets: unknown): string {
  return `leak: ${where}: ${JSON.stringify(secrets)}`;
}
