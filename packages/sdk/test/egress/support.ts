import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { egressPolicy } from "../../src/index.js";
import {
  createEgressProxy,
  type EgressEvent,
  type EgressProxy,
  type EgressProxyOptions,
} from "../../src/egress/index.js";

/** Where origins listen: loopback, so a policy opens it only by listing it, and no other loopback address with it. */
export const originHost = "127.0.0.9";
/** Where `evil.test` leads, listed as well, so that only the policy's word on the name keeps it out. */
export const evilHost = "127.0.0.10";

/** One connection that an origin has accepted. */
export interface OriginConnection {
  readonly socket: Socket;
  /** All that has come so far, one character a byte. */
  received: string;
  ended: boolean;
}

/** A server that keeps what it sees. */
export interface Origin {
  readonly port: number;
  readonly connections: OriginConnection[];
  /** All that has come on all connections. */
  received(): string;
  /** The first connection, once it has received `text`. */
  saw(text: string): Promise<OriginConnection>;
}

/** What an origin answers when a request's head is there; undefined for nothing. */
export type Reply = (head: string, connection: OriginConnection) => string | Buffer | undefined;

export const ok: Reply = (head) =>
  /^(GET|POST|PUT|OPTIONS|DELETE|HEAD)/.test(head) ? okText("ok") : undefined;

export function okText(body: string, headers = ""): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
}

/** An origin that speaks in bytes: nothing between the proxy and what is looked at. */
export async function startOrigin(
  reply: Reply = ok,
  host = originHost,
  wrap: (handle: (socket: Socket) => void) => Server = (handle) =>
    createServer({ allowHalfOpen: true }, handle),
): Promise<Origin> {
  const connections: OriginConnection[] = [];
  const server = wrap((socket) => {
    const connection: OriginConnection = { socket, received: "", ended: false };
    connections.push(connection);
    let unread = "";
    socket.on("error", () => undefined);
    socket.on("end", () => (connection.ended = true));
    socket.on("data", (bytes: Buffer) => {
      connection.received += bytes.toString("latin1");
      unread += bytes.toString("latin1");
      for (let end = unread.indexOf("\r\n\r\n"); end >= 0; end = unread.indexOf("\r\n\r\n")) {
        const answer = reply(unread.slice(0, end), connection);
        unread = unread.slice(end + 4);
        if (answer !== undefined) socket.write(answer);
      }
    });
  });
  const port = await listen(server, host);
  onTestFinished(() => {
    for (const { socket } of connections) socket.destroy();
    server.close();
  });
  return {
    port,
    connections,
    received: () => connections.map(({ received }) => received).join(""),
    saw: async (text) => {
      await expect
        .poll(() => connections.map(({ received }) => received).join(""), patiently)
        .toContain(text);
      return connections.find(({ received }) => received.includes(text)) ?? expect.fail();
    },
  };
}

/** For what comes by itself, sooner or later. */
export const patiently = { timeout: 10_000, interval: 5 };

export async function listen(server: Server, host: string, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy, with what it has told and looked up. */
export interface TestProxy {
  readonly proxy: EgressProxy;
  readonly denied: EgressEvent[];
  readonly failed: EgressEvent[];
  readonly lookups: string[];
  connect(): Promise<RawClient>;
  /** Sends bytes on a connection of its own, and gives all that comes back until the proxy closes or `until` is there. */
  ask(bytes: string | Buffer, until?: string | RegExp): Promise<string>;
}

export const names: Record<string, readonly string[]> = {
  "allowed.test": [originHost],
  "x.wild.test": [originHost],
  "a.b.wild.test": [originHost],
  "xn--bcher-kva.wild.test": [originHost],
  "under_score.wild.test": [originHost],
  "wild.test": [evilHost],
  "evil.test": [evilHost],
  "xwild.test": [evilHost],
  "notallowed.test": [evilHost],
  "evil-allowed.test": [evilHost],
  "allowed.test.evil.test": [evilHost],
};

export const allowedHosts = ["allowed.test", "*.wild.test", originHost];

/** A proxy for the usual names; `evil.test` and others lead to a listed address, but are not listed. */
export async function openProxy(
  options: Partial<EgressProxyOptions> & {
    readonly allowed?: readonly string[];
    /** Default: the usual names; `system` for the machine's own resolver. */
    readonly addresses?: typeof names | "system";
  } = {},
): Promise<TestProxy> {
  const { allowed = [...allowedHosts, evilHost], addresses = names, ...rest } = options;
  const [denied, failed, lookups]: [EgressEvent[], EgressEvent[], string[]] = [[], [], []];
  const proxy = await createEgressProxy({
    policy: egressPolicy({ allowedHosts: allowed, defaultAction: "" }),
    ...(addresses === "system" ? {} : { resolve: resolver(addresses, lookups) }),
    onDenied: (event) => denied.push(event),
    onFailed: (event) => failed.push(event),
    ...rest,
  });
  onTestFinished(() => proxy.close());
  const open = (): Promise<RawClient> => RawClient.open(proxy);
  return {
    proxy,
    denied,
    failed,
    lookups,
    connect: open,
    ask: async (bytes, until) => {
      const client = await open();
      client.send(bytes);
      if (until === undefined) await client.over;
      else await client.until(until);
      return client.received;
    },
  };
}

function resolver(addresses: typeof names, lookups: string[]): (host: string) => Promise<readonly string[]> {
  return (host) => {
    lookups.push(host);
    const found = addresses[host];
    if (found !== undefined) return Promise.resolve(found);
    return Promise.reject(Object.assign(new Error("no such host"), { code: "ENOTFOUND" }));
  };
}

/** A client that says exactly what it is told to say. */
export class RawClient {
  received = "";
  ended = false;
  error: NodeJS.ErrnoException | undefined;
  /** The proxy has ended its half, or all is over. */
  readonly over: Promise<void>;

  constructor(readonly socket: Socket) {
    socket.on("data", (bytes: Buffer) => (this.received += bytes.toString("latin1")));
    socket.on("end", () => (this.ended = true));
    socket.on("error", (error) => (this.error = error));
    this.over = new Promise((resolve) => {
      socket.once("end", () => resolve());
      socket.once("close", () => resolve());
    });
    onTestFinished(() => void socket.destroy());
  }

  static async open({ address }: Pick<EgressProxy, "address">): Promise<RawClient> {
    const socket = connect({ ...address, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new RawClient(socket);
  }

  send(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    return this;
  }

  /** All that has come, once `text` is part of it. */
  async until(text: string | RegExp): Promise<string> {
    const isThere = (): boolean =>
      typeof text === "string" ? this.received.includes(text) : text.test(this.received);
    const deadline = AbortSignal.timeout(patiently.timeout);
    while (!isThere()) {
      const stopped = this.over.then(() => "end");
      const more = await Promise.race([once(this.socket, "data", { signal: deadline }), stopped]).catch(
        () => "time",
      );
      if ((more === "end" || more === "time") && !isThere())
        expect.fail(
          `waiting for ${String(text)}, there was ${JSON.stringify(this.received)} and the ${more}`,
        );
    }
    return this.received;
  }
}

/** A request with an absolute URI, as most clients write it. */
export function get(url: string, headers = ""): string {
  const host = /^\w+:\/\/([^/]*)/.exec(url)?.[1] ?? "";
  return `GET ${url} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`;
}

export function connectTo(authority: string, headers = ""): string {
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${headers}\r\n`;
}

/** The status of an answer. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
}

/** Listens and accepts nothing: connections to it are neither taken nor refused. */
export async function startDeafListener(host: string): Promise<number> {
  const program = `
    const server = require("node:net").createServer().listen({ host: ${JSON.stringify(host)}, port: 0, backlog: 1 }, () => {
      require("node:fs").writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [bytes] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(bytes.toString());
  // The system itself takes as many as the backlog holds.
  for (let connected = true; connected;) {
    const socket = connect({ host, port });
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    connected = await Promise.race([once(socket, "connect").then(() => true), delay(200, false)]);
  }
  return port;
}
