import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { isProcessAlive } from "@gestalt-runtime/sdk/processes";
import { describe, expect, it, onTestFinished } from "vitest";
import { FakeCloud } from "./fake-cloud/fake-cloud.js";
import type { CloudSettings } from "./fake-cloud/settings.js";

const images = { shell: { directory: "/bin" }, broken: { failure: "unauthorized" } };

async function start(settings: Partial<CloudSettings> = {}): Promise<FakeCloud> {
  const cloud = await FakeCloud.start({ images, ...settings });
  onTestFinished(async () => {
    await cloud.stop();
    expect(existsSync(cloud.directory)).toBe(false);
  });
  return cloud;
}

type Sandbox = { id: string; name: string; state: string; reason: string; program: { state: string } | null };

async function create(cloud: FakeCloud, name: string, changes: object = {}): Promise<Sandbox> {
  const request = {
    name,
    labels: { session: name },
    image: "shell",
    region: "r",
    size: "s",
    ttlSeconds: 600,
  };
  const { body } = await cloud.call("POST", "/v1/sandboxes", { ...request, ...changes });
  return body as Sandbox;
}

/** A sandbox that programs can be started in. */
async function up(cloud: FakeCloud, name: string, changes: object = {}): Promise<Sandbox> {
  const { id } = await create(cloud, name, changes);
  return (await cloud.call("GET", `/v1/sandboxes/${id}?waitMs=10000`)).body as Sandbox;
}

function run(cloud: FakeCloud, id: string, script: string, env: object = {}): ReturnType<FakeCloud["call"]> {
  const program = { command: "./sh", args: ["-c", script], env, socket: "/sandbox/p.sock" };
  return cloud.call("PUT", `/v1/sandboxes/${id}/program`, program);
}

async function names(cloud: FakeCloud, query = ""): Promise<string[]> {
  const { body } = await cloud.call("GET", `/v1/sandboxes${query}`);
  return (body as { sandboxes: Sandbox[] }).sandboxes.map(({ name }) => name);
}

/** All that a program has written, page by page. */
async function outputOf(
  cloud: FakeCloud,
  id: string,
): Promise<{ stdout: string; stderr: string; pages: number }> {
  const bytes = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (let cursor = "0", pages = 1; ; pages += 1) {
    const { body } = await cloud.call(
      "GET",
      `/v1/sandboxes/${id}/program/output?waitMs=10000&cursor=${cursor}`,
    );
    const page = body as {
      chunks: { stream: "stdout" | "stderr"; data: string; cursor: string }[];
      ended: boolean;
    };
    for (const { stream, data } of page.chunks) bytes[stream].push(Buffer.from(data, "base64"));
    cursor = page.chunks.at(-1)?.cursor ?? cursor;
    if (page.ended)
      return {
        stdout: Buffer.concat(bytes.stdout).toString(),
        stderr: Buffer.concat(bytes.stderr).toString(),
        pages,
      };
  }
}

describe("the fake cloud", () => {
  it("makes one sandbox for a name, takes its time for it, and removes it slowly", async () => {
    const cloud = await start({ createMs: 500, deleteMs: 50 });
    const first = await create(cloud, "a");
    expect(first).toMatchObject({ name: "a", state: "starting" });
    expect(await create(cloud, "a")).toMatchObject({ id: first.id, name: "a" });
    expect(await up(cloud, "a")).toMatchObject({ id: first.id, state: "running" });
    expect(await cloud.call("DELETE", `/v1/sandboxes/${first.id}`)).toMatchObject({
      status: 202,
      body: { state: "deleting" },
    });
    await expect.poll(async () => (await cloud.call("GET", `/v1/sandboxes/${first.id}`)).status).toBe(404);
    expect((await cloud.call("DELETE", `/v1/sandboxes/${first.id}`)).status).toBe(404);
    expect((await create(cloud, "a")).id).not.toBe(first.id);
    const { counts, sandboxes } = await cloud.record();
    expect(counts).toMatchObject({ create: 4, delete: 2 });
    expect(sandboxes).toHaveLength(1);
  });

  it("wants its token, and says why an image can't be had, or the quota is used up", async () => {
    const cloud = await start({ quota: 2 });
    expect((await cloud.call("GET", "/v1/account", undefined, "wrong")).status).toBe(401);
    expect((await cloud.call("GET", "/v1/account")).status).toBe(200);
    expect(await up(cloud, "a", { image: "broken" })).toMatchObject({
      state: "failed",
      reason: "ImagePullFailed",
      message: "broken can't be pulled: unauthorized",
    });
    expect(await up(cloud, "b", { image: "none" })).toMatchObject({ state: "failed" });
    expect(await create(cloud, "c")).toEqual({ message: "the account's quota is 2 sandboxes" });
  });

  it("lists by labels, by pages, and forgetfully", async () => {
    const cloud = await start({ pageSize: 2 });
    for (const name of ["a", "b", "c"]) await create(cloud, name, { labels: { session: name, all: "1" } });
    expect(await names(cloud, "?label=all=1")).toEqual(["a", "b"]);
    expect(await names(cloud, "?label=all=1&page=2")).toEqual(["c"]);
    expect(await names(cloud, "?label=all=1&label=session=b")).toEqual(["b"]);
    expect(await names(cloud, "?label=all=2")).toEqual([]);
    await cloud.configure({ listLagMs: 600_000 });
    expect(await names(cloud, "?label=all=1")).toEqual([]);
    await cloud.configure({ listLagMs: 0 });
    await cloud.vanish("a");
    expect(await names(cloud)).toEqual(["b", "c"]);
  });

  it("still lists a sandbox that is gone while the list lags", async () => {
    const cloud = await start({ listLagMs: 300 });
    await create(cloud, "a");
    await expect.poll(() => names(cloud)).toEqual(["a"]);
    await cloud.vanish("a");
    expect(await names(cloud)).toEqual(["a"]);
    await expect.poll(() => names(cloud)).toEqual([]);
  });

  it("runs one program in a sandbox, whose output is read by pages of any size, and whose end is told at once", async () => {
    const cloud = await start({ logPageBytes: 3 });
    const { id } = await up(cloud, "a");
    const script = "echo größer; echo oh >&2; exit 7";
    expect(await run(cloud, id, script)).toMatchObject({ status: 200 });
    expect(await run(cloud, id, script)).toMatchObject({ status: 200 });
    expect(await run(cloud, id, "exit 0")).toMatchObject({ status: 409 });
    expect((await cloud.call("GET", `/v1/sandboxes/${id}/program?waitMs=10000`)).body).toEqual({
      state: "exited",
      exitCode: 7,
    });
    const output = await outputOf(cloud, id);
    expect(output).toMatchObject({ stdout: "größer\n", stderr: "oh\n" });
    expect(output.pages).toBeGreaterThan(3);
    expect(await cloud.record()).toMatchObject({ programs: 1 });
  });

  it("translates paths below /sandbox in the environment, ends a program by a limit, and a sandbox by its ttl", async () => {
    const cloud = await start();
    const { id } = await up(cloud, "a");
    await run(cloud, id, "echo $A $B; sleep 600", { A: "/sandbox/p.sock", B: "/sandboxes" });
    await expect
      .poll(async () => (await cloud.record()).sandboxes)
      .toMatchObject([{ running: true, command: "./sh" }]);
    // A program that runs has not written yet.
    await cloud.call("GET", `/v1/sandboxes/${id}/program/output?waitMs=10000&cursor=0`);
    await cloud.endByLimit("a", "memory", "512 MiB");
    const { body } = await cloud.call("GET", `/v1/sandboxes/${id}/program?waitMs=10000`);
    expect(body).toEqual({ state: "limit", limit: "memory", detail: "512 MiB" });
    expect((await outputOf(cloud, id)).stdout).toBe(`${cloud.directory}/${id}/p.sock /sandboxes\n`);
    const short = await up(cloud, "b", { ttlSeconds: 1 });
    await expect
      .poll(async () => (await cloud.call("GET", `/v1/sandboxes/${short.id}`)).body, { timeout: 5_000 })
      .toMatchObject({ state: "expired" });
  });

  it("runs helpers with their input and both outputs", async () => {
    const cloud = await start();
    const { id } = await up(cloud, "a");
    const { body } = await cloud.call("POST", `/v1/sandboxes/${id}/exec`, {
      argv: ["/bin/sh", "-c", "cat; echo err >&2; exit 3"],
      stdin: Buffer.from("in").toString("base64"),
    });
    expect(body).toEqual({
      how: "exit",
      code: 3,
      stdout: Buffer.from("in").toString("base64"),
      stderr: Buffer.from("err\n").toString("base64"),
    });
  });

  it("tunnels to where the program listens, with an end in each direction", async () => {
    const cloud = await start();
    const { id } = await up(cloud, "a", { image: "shell" });
    // Answers what it has read once it has read all of it.
    const server =
      'require("net").createServer({allowHalfOpen:true},s=>{let t="";s.on("data",d=>t+=d);s.on("end",()=>s.end("got "+t))}).listen(process.env.SOCKET)';
    await cloud.call("PUT", `/v1/sandboxes/${id}/program`, {
      command: process.execPath,
      args: ["-e", server],
      env: { SOCKET: "/sandbox/p.sock" },
      socket: "/sandbox/p.sock",
    });
    const dial = async (): Promise<Socket | number> => {
      const outgoing = request(new URL(`/v1/sandboxes/${id}/program/connect`, cloud.endpoint), {
        headers: { authorization: `Bearer ${cloud.token}`, connection: "Upgrade", upgrade: "stream" },
      }).end();
      return new Promise((resolve, reject) => {
        outgoing.once("upgrade", (_, socket: Socket) => resolve(socket));
        outgoing.once("response", (response) => resolve(response.statusCode ?? 0));
        outgoing.once("error", reject);
      });
    };
    await cloud.fault({ on: "connect", action: { do: "answer", status: 503 } });
    expect(await dial()).toBe(503);
    let socket: Socket | number = 502;
    while (socket === 502) socket = await dial();
    if (typeof socket === "number") throw new Error(`answered ${socket}`);
    socket.end("hello");
    expect(await text(socket)).toBe("got hello");
  });

  it("meets calls with faults, in order, and counts what came", async () => {
    const cloud = await start();
    const status = async (): Promise<number | "lost"> =>
      cloud.call("GET", "/v1/account").then(
        (answer) => answer.status,
        () => "lost",
      );
    await cloud.fault({ on: "account", action: { do: "answer", status: 429, retryAfterSeconds: 1 } });
    await cloud.fault({ on: "account", action: { do: "drop" }, times: 2 });
    await cloud.fault({ on: "account", action: { do: "delay", ms: 1 } });
    expect([await status(), await status(), await status(), await status(), await status()]).toEqual([
      429,
      "lost",
      "lost",
      200,
      200,
    ]);
    await cloud.fault({ on: "create", action: { do: "lose-reply" } });
    await expect(create(cloud, "a")).rejects.toThrow();
    expect((await cloud.record()).sandboxes).toMatchObject([{ name: "a" }]);
    await cloud.fault({ on: "create", action: { do: "hang" }, times: "all" });
    await cloud.fault({ on: "delete", action: { do: "hang-after" } });
    const { id = "" } = (await cloud.record()).sandboxes[0] ?? {};
    const hanging = Promise.allSettled([create(cloud, "b"), cloud.call("DELETE", `/v1/sandboxes/${id}`)]);
    await expect.poll(async () => (await cloud.record()).sandboxes).toEqual([]);
    await expect.poll(async () => (await cloud.record()).counts).toMatchObject({ create: 2, delete: 1 });
    await cloud.clearFaults();
    expect((await hanging).map(({ status: settled }) => settled)).toEqual(["rejected", "rejected"]);
    const { calls } = await cloud.record();
    expect(calls.map(({ kind, status: answered }) => `${kind} ${answered}`)).toEqual([
      "account 429",
      "account 0",
      "account 0",
      "account 200",
      "account 200",
      "create 0",
      "create 0",
      "delete 0",
    ]);
  });

  it("refuses calls past its rate, and says when there is room", async () => {
    const cloud = await start({ rate: { perSecond: 1, burst: 2 } });
    const answers = await Promise.all([1, 2, 3].map(() => cloud.call("GET", "/v1/account")));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429]);
  });

  it("ends with all that runs in it when the process that started it is killed", async () => {
    const folder = await mkdtemp("/tmp/fct-");
    onTestFinished(() => rm(folder, { recursive: true }));
    const directory = join(folder, "cloud");
    const program = fileURLToPath(new URL("./.fixtures/fake-cloud.mjs", import.meta.url));
    const parent = join(folder, "parent.mjs");
    const options = JSON.stringify({ token: "t", directory, settings: { images } });
    await writeFile(
      parent,
      `import { spawn } from "node:child_process";
const child = spawn(process.execPath, [${JSON.stringify(program)}], { stdio: ["pipe", "inherit", "inherit"] });
console.error(child.pid);
setInterval(() => undefined, 1000);`,
    );
    const child = spawn(process.execPath, [parent], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, FAKE_CLOUD: options },
    });
    const [[line], [pid]] = (await Promise.all([
      once(createInterface(child.stdout), "line"),
      once(createInterface(child.stderr), "line"),
    ])) as [[string], [string]];
    const { endpoint } = JSON.parse(line) as { endpoint: string };
    const call = async (method: string, path: string, body: unknown): Promise<Sandbox> => {
      const headers = { authorization: "Bearer t", "content-type": "application/json" };
      const answer = await fetch(new URL(path, endpoint), { method, headers, body: JSON.stringify(body) });
      return (await answer.json()) as Sandbox;
    };
    const made = await call("POST", "/v1/sandboxes", {
      name: "a",
      labels: {},
      image: "shell",
      ttlSeconds: 600,
    });
    await expect
      .poll(async () => {
        const request = { command: "./sh", args: ["-c", "sleep 600"], env: {}, socket: "/sandbox/p" };
        return (await call("PUT", `/v1/sandboxes/${made.id}/program`, request)).program?.state;
      })
      .toBe("running");
    child.kill("SIGKILL");
    await expect.poll(() => isProcessAlive(Number(pid)), { timeout: 5_000 }).toBe(false);
    expect(existsSync(directory)).toBe(false);
  });
});
