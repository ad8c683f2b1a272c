import { Client, credentials, Server, ServerCredentials, type handleUnaryCall } from "@grpc/grpc-js";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { egressProxyEnvironment } from "../../src/egress/index.js";
import { egressPolicy } from "../../src/index.js";
import { openProxy, originHost, startOrigin } from "./support.js";

const saved = { ...process.env };
afterEach(() => {
  process.env = { ...saved };
});

const bytes = (value: Buffer): Buffer => value;
const echo = {
  path: "/test.Echo/Say",
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
} as const;

/** A gRPC server that answers with what it was told, and with the authority it was asked by. */
async function startEcho(host: string): Promise<number> {
  const server = new Server();
  const say: handleUnaryCall<Buffer, Buffer> = (call, callback) =>
    callback(null, Buffer.concat([call.request, Buffer.from(` at ${call.getHost()}`)]));
  server.addService({ Say: echo }, { Say: say });
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync(`${host}:0`, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
}

function say(target: string): Promise<string> {
  const client = new Client(target, credentials.createInsecure());
  onTestFinished(() => client.close());
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      echo.path,
      bytes,
      bytes,
      Buffer.from("hello"),
      { deadline: Date.now() + 10_000 },
      (error, answer) => (error === null ? resolve(String(answer)) : reject(error)),
    ),
  );
}

describe("a gRPC client that takes its proxy from the environment", () => {
  it("EGR-1, EGR-4: reaches relays and listed hosts, and is refused all others", async () => {
    const [relay, listed] = [await startEcho(originHost), await startEcho("127.0.0.10")];
    // Whatever goes to the proxy before this one would be seen there.
    const upstream = await startOrigin();
    const session = { username: "session-1", password: "p@ss" };
    const options = {
      credentials: session,
      relays: [`tcp://relay.test:${relay}`],
      addresses: { "relay.test": [originHost], "listed.test": ["127.0.0.10"], "evil.test": ["127.0.0.10"] },
    };
    const chained = await openProxy({
      ...options,
      upstream: `http://${originHost}:${upstream.port}`,
      policy: egressPolicy({ allowedHosts: [], defaultAction: "deny" }),
    });
    const direct = await openProxy({ ...options, allowed: ["listed.test", "127.0.0.10"] });
    const use = ({ proxy: { address } }: typeof direct): void => {
      if (!("port" in address)) expect.fail("it listens on TCP");
      Object.assign(process.env, egressProxyEnvironment({ ...address, credentials: session }));
    };
    use(chained);
    expect(await say(`relay.test:${relay}`)).toBe(`hello at relay.test:${relay}`);
    expect(upstream.connections).toEqual([]);
    use(direct);
    expect(await say(`relay.test:${relay}`)).toBe(`hello at relay.test:${relay}`);
    expect(await say(`listed.test:${listed}`)).toBe(`hello at listed.test:${listed}`);
    await expect(say(`evil.test:${listed}`)).rejects.toThrow(/UNAVAILABLE|DEADLINE_EXCEEDED/);
    expect(direct.denied).toContainEqual(
      expect.objectContaining({ host: "evil.test", reason: "not-allowed" }),
    );
    expect(direct.lookups).not.toContain("evil.test");
  });
});
