import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { connect as http2Connect } from "node:http2";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { guestBridge } from "../../src/guests/index.js";
import type { BackendTraits, PluginRequest, Reach, SessionBackend } from "../../src/sessions/index.js";
import { http2Server, openRuntime, type RuntimeUnderTest, type TestServer } from "./runtime-support.js";

const traits: BackendTraits = { kind: "ways", egress: "none", hostServices: "relay" };
let directory: string;
let plugin: TestServer;
let runtime: RuntimeUnderTest | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gst-w-"));
  plugin = await http2Server({ path: join(directory, "plugin.sock") });
});

afterEach(async () => {
  await runtime?.close();
  runtime = undefined;
  await plugin.close();
  await rm(directory, { recursive: true });
  expect(
    (await readdir(tmpdir())).filter((name) => name.startsWith("gst-") && name.includes("ways")),
  ).toEqual([]);
});

/** Makes one HTTP/2 request at a dial target, as a gRPC client would. */
function ask(dialTarget: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const path = dialTarget.replace("unix://", "");
    const client = http2Connect("http://localhost", { createConnection: () => connect({ path }) });
    client.on("error", reject);
    const request = client.request({ ":path": "/" });
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("error", reject);
    request.on("end", () => {
      client.close();
      resolve(text);
    });
    request.end();
  });
}

async function started(
  reach: Reach | undefined,
  changes: Partial<SessionBackend<string>> = {},
): Promise<{ runtime: RuntimeUnderTest; id: string; dialTarget: string; requests: PluginRequest[] }> {
  const requests: PluginRequest[] = [];
  runtime = await openRuntime<string>(
    {
      traits,
      create: () => Promise.resolve({ handle: "guest" }),
      launch: (_, request) => {
        requests.push(request);
        return Promise.resolve({ ended: new Promise(() => undefined), ...(reach && { reach }) });
      },
      destroy: () => Promise.resolve("gone"),
      ...changes,
    },
    { guestBridge, limits: { startSessionWaitMs: 2_000 } },
  );
  const { id } = await runtime.start();
  const { dialTarget } = await runtime.plugin(id);
  return { runtime, id, dialTarget, requests };
}

describe("the host's way to a plugin", () => {
  it("PLUG-5, DIAL-1: a target of the backend's own is answered as it is", async () => {
    const target = `unix://${join(directory, "plugin.sock")}`;
    const { dialTarget } = await started({ via: "target", target });
    expect(dialTarget).toBe(target);
    expect(await ask(dialTarget)).toBe("hello");
  });

  it("PLUG-4, PLUG-6: where something stands before the listener, readiness is looked for behind it", async () => {
    // Nothing answers at the target, as where the host is let in later: only the probe can be ready.
    const target = `unix://${join(directory, "front.sock")}`;
    const probe = `unix://${join(directory, "plugin.sock")}`;
    expect((await started({ via: "target", target, probe })).dialTarget).toBe(target);
  });

  it("DIAL-5: a plugin behind a stream is reached through the runtime's own listener, once per connection", async () => {
    let dials = 0;
    const dial = (): Promise<Socket> => {
      dials += 1;
      return Promise.resolve(connect({ path: join(directory, "plugin.sock") }));
    };
    const { runtime, id, dialTarget } = await started({ via: "dial", dial });
    const before = dials;
    expect(await ask(dialTarget)).toBe("hello");
    expect(await ask(dialTarget)).toBe("hello");
    expect(dials).toBe(before + 2);
    await runtime.stop(id);
    await expect(ask(dialTarget)).rejects.toThrow(/ENOENT|ECONNREFUSED/);
  });

  it("T17: a first dial that is refused costs that connection alone", async () => {
    let dials = 0;
    const dial = (): Promise<Socket> => {
      dials += 1;
      if (dials === 1) return Promise.reject(new Error("connection refused in the guest"));
      return Promise.resolve(connect({ path: join(directory, "plugin.sock") }));
    };
    const { dialTarget } = await started({ via: "dial", dial });
    expect(dials).toBeGreaterThan(1);
    expect(await ask(dialTarget)).toBe("hello");
  });

  it("T17: a way that is lost is opened anew, and the host's target stays the same", async () => {
    // A port-forward of a cloud's client: it dies with its connections, and comes back elsewhere.
    const forwards: { server: Server; sockets: Set<Socket> }[] = [];
    const forward = async (): Promise<string> => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        const far = connect({ path: join(directory, "plugin.sock") });
        for (const one of [socket, far]) {
          sockets.add(one);
          one.on("error", () => undefined);
        }
        socket.pipe(far).pipe(socket);
      });
      forwards.push({ server, sockets });
      const path = join(directory, `f${forwards.length}.sock`);
      await new Promise<void>((resolve) => server.listen(path, resolve));
      return `unix://${path}`;
    };
    const lose = async ({ server, sockets }: (typeof forwards)[number]): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    let tellLost: () => void = () => undefined;
    let attempts = 0;
    const closed = new Promise<void>((resolve) => (tellLost = resolve));
    const target = await forward();
    const { dialTarget } = await started({
      via: "target",
      target,
      closed,
      reopen: () => {
        attempts += 1;
        return attempts === 1 ? Promise.reject(new Error("not yet")) : forward();
      },
    });
    expect(dialTarget).not.toBe(target);
    expect(await ask(dialTarget)).toBe("hello");
    for (const one of forwards.splice(0)) await lose(one);
    tellLost();
    await expect.poll(() => forwards.length).toBe(1);
    expect(await ask(dialTarget)).toBe("hello");
    for (const one of forwards) await lose(one);
  });

  it("DIAL-5: a guest that can do nothing but run programs is reached through them", async () => {
    // The guest's programs are this machine's; the plugin listens where the runtime has told it to.
    const inGuest: TestServer[] = [];
    const exec: SessionBackend<string>["exec"] = async (_, [command = "", ...args], options, { signal }) => {
      const child = spawn(command, args, { stdio: "pipe", signal });
      child.on("error", () => undefined);
      child.stdout.on("data", (bytes: Buffer) => options.stdout?.(bytes));
      child.stderr.on("data", (bytes: Buffer) => options.stderr?.(bytes));
      if (options.stdin instanceof Readable) options.stdin.pipe(child.stdin);
      else child.stdin.end(options.stdin);
      const [code, name] = (await once(child, "close")) as [number | null, string | null];
      return code === null ? { how: "signal", signal: name ?? "" } : { how: "exit", code };
    };
    const { runtime, id, dialTarget } = await started(undefined, {
      traits: { ...traits, listener: { type: "unix", directory } },
      exec,
      launch: async (_, { listener }) => {
        if (listener.type === "unix") inGuest.push(await http2Server({ path: listener.path }));
        return { ended: new Promise(() => undefined) };
      },
    });
    expect(dialTarget).not.toContain(directory);
    expect(await ask(dialTarget)).toBe("hello");
    expect(await ask(dialTarget)).toBe("hello");
    await runtime.stop(id);
    for (const one of inGuest) await one.close();
  });

  it("a backend that gives no way is told what to give", async () => {
    await expect(started(undefined)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("RunningPlugin.reach") as string,
    });
  });

  it("PLUG-3: each plugin in a guest without a shared directory gets a listener of its own", async () => {
    const target = `unix://${join(directory, "plugin.sock")}`;
    const listener = { type: "unix", directory: "/run/guest" } as const;
    const { runtime, requests } = await started(
      { via: "target", target },
      { traits: { ...traits, listener } },
    );
    const { id } = await runtime.start();
    await runtime.plugin(id);
    const paths = requests.map(({ env }) => env.GESTALT_PLUGIN_SOCKET);
    expect(new Set(paths).size).toBe(2);
    for (const path of paths) expect(path).toMatch(/^\/run\/guest\/gst-[0-9a-f]{8}\.sock$/);
    expect(requests[0]?.listener).toEqual({ type: "unix", path: paths[0] });
  });

  it("PLUG-3: TCP listeners of one machine get ports of their own, which come back with the session", async () => {
    const target = `unix://${join(directory, "plugin.sock")}`;
    const listener = { type: "tcp", host: "127.0.0.1", ports: [7001, 7002] } as const;
    const { runtime, id, requests } = await started(
      { via: "target", target },
      {
        traits: { ...traits, listener },
        create: () => Promise.resolve({ handle: "guest", machine: "vm-1" }),
      },
    );
    const second = await runtime.start();
    await runtime.plugin(second.id);
    expect(requests.map(({ env }) => env.GESTALT_PLUGIN_SOCKET)).toEqual([
      "tcp://127.0.0.1:7001",
      "tcp://127.0.0.1:7002",
    ]);
    const third = await runtime.start();
    await expect(runtime.plugin(third.id)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await runtime.stop(id);
    const fourth = await runtime.start();
    await runtime.plugin(fourth.id);
    expect(requests.at(-1)?.env.GESTALT_PLUGIN_SOCKET).toBe("tcp://127.0.0.1:7001");
  });
});

describe("host services in a shared directory", () => {
  it("BIND-2: a guest without one is the backend's fault, and is told so", async () => {
    await expect(started(undefined, { traits: { ...traits, hostServices: "shared" } })).rejects.toMatchObject(
      {
        code: "INTERNAL",
        message: expect.stringContaining("give Guest.shared") as string,
      },
    );
  });

  it("BIND-2: each gets a socket that works inside, whatever the length of the host's path", async () => {
    const service = await http2Server({
      path: join(directory, "a-service-of-the-host-with-a-long-name.sock"),
    });
    const onHost = join(directory, "shared");
    await mkdir(onHost);
    const requests: PluginRequest[] = [];
    let inside: TestServer | undefined;
    runtime = await openRuntime<string>({
      traits: { ...traits, hostServices: "shared" },
      create: () => Promise.resolve({ handle: "guest", shared: { onHost, inGuest: "/g" } }),
      launch: async (_, request) => {
        requests.push(request);
        inside = await http2Server({ path: join(onHost, "p.sock") });
        return { ended: new Promise(() => undefined) };
      },
      destroy: () => Promise.resolve("gone"),
    });
    const { id } = await runtime.start();
    expect(await runtime.provider.getSupport({} as never)).toMatchObject({ hostServiceAccess: "direct" });
    const target = `unix://${join(directory, "a-service-of-the-host-with-a-long-name.sock")}`;
    await runtime.bind(id, "GESTALT_CACHE_SOCKET", target);
    await runtime.bind(id, "GESTALT_S3_SOCKET", "tls://relay.example.com:443");
    await runtime.plugin(id);
    expect(requests[0]?.env).toMatchObject({
      GESTALT_CACHE_SOCKET: "/g/h0.sock",
      GESTALT_S3_SOCKET: "tls://relay.example.com:443",
      GESTALT_PLUGIN_SOCKET: "/g/p.sock",
    });
    expect(await ask(`unix://${join(onHost, "h0.sock")}`)).toBe("hello");
    await runtime.stop(id);
    expect((await readdir(onHost)).filter((name) => name.startsWith("h"))).toEqual([]);
    await service.close();
    await inside?.close();
  });
});
