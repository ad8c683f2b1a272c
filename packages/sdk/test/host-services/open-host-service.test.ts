import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { inspect } from "node:util";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { bindingEnvironment, openHostService, RuntimeProviderError } from "../../src/index.js";
import { addUnaryService, Cache } from "../../src/protocol/index.js";
import { secondPair } from "../bridge/certificates.js";

const token = "planted-relay-token";
const envVar = "GESTALT_CACHE_SOCKET";

function folder(): string {
  const path = mkdtempSync("/tmp/hs-");
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A cache whose answer says with what token and under which authority it was asked. */
async function cacheAt(address: string, tls = false): Promise<number> {
  const server = new Server();
  addUnaryService(server, Cache, {
    get: ({ key }, call) => {
      const sent = String(call.metadata.get("x-gestalt-host-service-relay-token")[0] ?? "");
      if (key === "echo") throw new RuntimeProviderError("UNAUTHENTICATED", `bad token ${sent}`);
      if (key === "missing") throw new RuntimeProviderError("NOT_FOUND", "no such key");
      return { found: true, value: Buffer.from(`${sent} ${call.getHost()}`) };
    },
  });
  const trusted = tls
    ? ServerCredentials.createSsl(null, [
        { cert_chain: Buffer.from(secondPair.cert), private_key: Buffer.from(secondPair.key) },
      ])
    : ServerCredentials.createInsecure();
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync(address, trusted, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}

async function ask(env: Record<string, string>, key = "k"): Promise<string> {
  const service = openHostService(envVar, { env });
  onTestFinished(() => service.close());
  const { value } = await service.client(Cache).get({ key }, { timeoutMs: 10_000 });
  return Buffer.from(value).toString();
}

describe("a host service", () => {
  it("BIND-2, DIAL-4: is reached by a bare path and by unix://, as localhost", async () => {
    const path = join(folder(), "s.sock");
    await cacheAt(`unix:${path}`);
    expect(await ask({ [envVar]: path })).toBe(" localhost");
    expect(await ask({ [envVar]: `unix://${path}`, [`${envVar}_TOKEN`]: token })).toBe(`${token} localhost`);
  });

  it("BIND-3, DIAL-4: is reached by tcp:// with its token, as host and port", async () => {
    const port = await cacheAt("127.0.0.1:0");
    const env = { [envVar]: `tcp://127.0.0.1:${port}`, [`${envVar}_TOKEN`]: token };
    expect(await ask(env)).toBe(`${token} 127.0.0.1:${port}`);
  });

  it.each(["PEM", "FILE"])(
    "BIND-3, DIAL-4: is reached by tls:// with the authority in _%s, as the host alone",
    async (kind) => {
      const port = await cacheAt("127.0.0.1:0", true);
      const file = join(folder(), "ca.pem");
      writeFileSync(file, secondPair.cert);
      const ca = { [`GESTALT_HOST_SERVICE_TLS_CA_${kind}`]: kind === "PEM" ? secondPair.cert : file };
      const env = { [envVar]: `tls://localhost:${port}`, [`${envVar}_TOKEN`]: token };
      expect(await ask({ ...env, ...ca })).toBe(`${token} localhost`);
      await expect(ask(env)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    },
  );

  it("SUP-4, EGR-4: goes past a proxy of the environment", async () => {
    let seen = 0;
    const trap = createServer((socket) => {
      seen += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
    const { port: trapPort } = trap.address() as { port: number };
    const names = ["http_proxy", "https_proxy", "grpc_proxy", "HTTP_PROXY", "HTTPS_PROXY"];
    const before = names.map((name) => [name, process.env[name]] as const);
    onTestFinished(() => {
      for (const [name, value] of before)
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      trap.close();
    });
    for (const name of names) process.env[name] = `http://127.0.0.1:${trapPort}`;
    const port = await cacheAt("127.0.0.1:0");
    expect(await ask({ [envVar]: `tcp://127.0.0.1:${port}` })).toBe(` 127.0.0.1:${port}`);
    expect(seen).toBe(0);
  });

  it("BIND-3: an answer that repeats the token is told without it, all else as the service says it", async () => {
    const port = await cacheAt("127.0.0.1:0");
    const env = { [envVar]: `tcp://127.0.0.1:${port}`, [`${envVar}_TOKEN`]: token };
    const refusal: unknown = await ask(env, "echo").catch((error: unknown) => error);
    expect(inspect(refusal, { depth: 10 })).not.toContain(token);
    expect(refusal).toMatchObject({
      code: "UNAUTHENTICATED",
      message: `${envVar} (tcp://127.0.0.1:${port}): bad token [redacted]; is ${envVar}_TOKEN this session's own, for this service?`,
    });
    await expect(ask(env, "missing")).rejects.toMatchObject({ code: "NOT_FOUND", message: "no such key" });
  });

  it.each([
    [{}, `${envVar} is not set`],
    [{ [envVar]: "https://example.com:1" }, `${envVar} "https://example.com:1" has the scheme "https"`],
    [
      { [envVar]: "tls://a:1", GESTALT_HOST_SERVICE_TLS_CA_FILE: "/nowhere/ca" },
      "GESTALT_HOST_SERVICE_TLS_CA_FILE names /nowhere/ca, which can't be read (ENOENT)",
    ],
    [
      { [envVar]: "tls://a:1", GESTALT_HOST_SERVICE_TLS_CA_PEM: "x" },
      "GESTALT_HOST_SERVICE_TLS_CA_PEM holds no certificate in PEM form",
    ],
  ])("names the variable that is wrong in %j", (env, text) => {
    expect(() => openHostService(envVar, { env: { ...env, [`${envVar}_TOKEN`]: token } })).toThrow(text);
  });

  it("BIND-2, BIND-3: a plugin finds a bare path or the relay as it is", () => {
    const bindings = new Map([
      ["A", "unix:///run/a.sock"],
      ["B", "tls://Relay.example.com:443"],
    ]);
    expect(bindingEnvironment(bindings)).toEqual({ A: "/run/a.sock", B: "tls://Relay.example.com:443" });
    expect(() => bindingEnvironment(new Map([["C", "/run/c"]]))).toThrow('C "/run/c" has no scheme');
  });
});
