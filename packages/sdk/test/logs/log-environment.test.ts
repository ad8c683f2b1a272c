import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ServerCredentials } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { logForwarderFromEnvironment } from "../../src/logs/environment.js";
import { createLogForwarder } from "../../src/logs/log-forwarder.js";
import { certificatePem, keyPem } from "./localhost-certificate.js";
import { startLogHost } from "./log-host.js";

type Env = Record<string, string>;

async function send(env: Env): Promise<boolean> {
  const logs = logForwarderFromEnvironment(env, { fallback: () => undefined });
  const log = logs.session("s");
  log.registered();
  log.runtime("hello");
  const sent = await log.flush(10_000);
  await logs.close();
  return sent;
}

describe("log forwarder from the environment", () => {
  it("LOGS-1: reaches the log host by a bare path, unix://, tcp:// and tls://", async () => {
    await using host = await startLogHost();
    host.register("s");
    const tcp = await host.listen(ServerCredentials.createInsecure());
    const tls = await host.listen(
      ServerCredentials.createSsl(null, [
        { cert_chain: Buffer.from(certificatePem), private_key: Buffer.from(keyPem) },
      ]),
    );
    const roots = join(dirname(host.path), "roots.pem");
    await writeFile(roots, certificatePem);
    const envs: Env[] = [
      { GESTALT_RUNTIME_LOG_SOCKET: host.path },
      { GESTALT_RUNTIME_LOG_SOCKET: host.target },
      { GESTALT_RUNTIME_LOG_SOCKET: `tcp://127.0.0.1:${tcp}` },
      { GESTALT_RUNTIME_LOG_SOCKET: `tls://localhost:${tls}`, SSL_CERT_FILE: roots },
    ];
    for (const env of envs) expect(await send(env), env.GESTALT_RUNTIME_LOG_SOCKET).toBe(true);
    expect(host.messages("s")).toEqual(envs.map(() => "hello"));
    // Without its certificate in the roots, the TLS host is not trusted.
    expect(await send({ GESTALT_RUNTIME_LOG_SOCKET: `tls://localhost:${tls}` })).toBe(false);
  });

  it("LOGS-1: sends the token of a relayed log host with every call", async () => {
    await using host = await startLogHost();
    host.register("s");
    await send({ GESTALT_RUNTIME_LOG_SOCKET: host.path, GESTALT_RUNTIME_LOG_SOCKET_TOKEN: "secret" });
    await send({ GESTALT_RUNTIME_LOG_SOCKET: host.path, GESTALT_RUNTIME_LOG_SOCKET_TOKEN: "" });
    expect(host.calls.map((call) => call.token)).toEqual(["secret", undefined]);
  });

  it("DIAL-1: names the variable that can't be read", () => {
    expect(() => logForwarderFromEnvironment({ GESTALT_RUNTIME_LOG_SOCKET: "https://host:1" })).toThrow(
      'GESTALT_RUNTIME_LOG_SOCKET "https://host:1" has the scheme "https"',
    );
    expect(() => logForwarderFromEnvironment({ GESTALT_RUNTIME_LOG_SOCKET: "run/log.sock" })).toThrow(
      'GESTALT_RUNTIME_LOG_SOCKET "run/log.sock" has no scheme',
    );
  });

  it("LOGS-5: without a log host, each record is a line of the fallback, with its session", async () => {
    const lines: string[] = [];
    const logs = logForwarderFromEnvironment({}, { fallback: (line) => lines.push(line) });
    const log = logs.session("s1");
    expect(log.write("stdout", Buffer.from("one\n\ntwo"))).toBe(true);
    log.runtime("stopping");
    await log.drain();
    expect(await log.flush(0)).toBe(true);
    expect(log.tail("stdout", 5)).toEqual(["one", "", "two"]);
    log.end();
    expect(logs.stats).toEqual({
      written: 4,
      delivered: 4,
      dropped: 0,
      bufferedBytes: 0,
      sessions: 0,
      calls: 0,
    });
    logs.session("s2").write("stderr", Buffer.from("half"));
    await logs.close();
    expect(lines).toEqual([
      "session s1 stdout: one",
      "session s1 stdout: ",
      "session s1 runtime: stopping",
      "session s1 stdout: two",
      "session s2 stderr: half",
    ]);
  });

  it("LOGS-4: a fallback that throws fails nobody", async () => {
    const logs = createLogForwarder({
      fallback: () => {
        throw new Error("full");
      },
    });
    logs.session("s").runtime("hello");
    await logs.close();
    expect(logs.stats.written).toBe(1);
  });

  it("names a limit that is out of its range, and what to write", () => {
    expect(() => createLogForwarder({ lineBytes: 0 })).toThrow(
      "logs.lineBytes is 0; write a whole number from 4 to 1048576, or leave it out for 16384",
    );
    expect(() => createLogForwarder({ batchMs: Number.NaN })).toThrow("logs.batchMs is NaN");
    expect(() => createLogForwarder({ fullBuffer: "wait" as "block" })).toThrow(
      'logs.fullBuffer is "wait"; write "block" or "drop"',
    );
    expect(() => createLogForwarder({ target: "/run/log.sock" })).toThrow("logs.target");
  });
});
