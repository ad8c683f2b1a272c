import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openBridge, type BridgeListen, type BridgeOptions } from "../../src/index.js";
import { expiredPair, otherHostPair, secondPair } from "./certificates.js";
import { collectLogs, dial, firstPair, startBridge, temporaryFolder, writePair } from "./support.js";

const upstream = "unix:///nowhere.sock";

async function failure(options: Partial<BridgeOptions> & { listen: BridgeListen }): Promise<unknown> {
  const { code, message } = (await openBridge({ upstream, ...options }).then(
    async (bridge) => {
      await bridge.close();
      throw new Error(`it listens at ${bridge.target}`);
    },
    (error: unknown) => error,
  )) as { code: string; message: string };
  return `${code}: ${message}`;
}

describe("where a bridge listens", () => {
  it("DIAL-5: an unspecified address needs the name that the host dials", async () => {
    for (const host of ["0.0.0.0", "::", "0"])
      expect(await failure({ listen: { type: "tcp", host } })).toBe(
        `INVALID_ARGUMENT: listen.host ${JSON.stringify(host)} can be listened on but not dialled (DIAL-5); give the name or address on which the host reaches this machine as listen.advertisedHost`,
      );
    expect(await failure({ listen: { type: "tcp", host: "0.0.0.0", advertisedHost: "0.0.0.0" } })).toContain(
      "listen.advertisedHost",
    );
    const bridge = await startBridge({
      listen: { type: "tcp", host: "0.0.0.0", advertisedHost: "localhost" },
      upstream,
    });
    expect(bridge.target).toMatch(/^tcp:\/\/localhost:\d+$/);
  });

  it("DIAL-1: an IPv6 address gets its brackets", async () => {
    const bridge = await startBridge({ listen: { type: "tcp", host: "::1" }, upstream });
    expect(bridge.target).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
    await dial(bridge.target);
  });

  it("DIAL-1: a taken port, a bad port and a bad host are told by their fields", async () => {
    const bridge = await startBridge({ listen: { type: "tcp" }, upstream });
    const port = Number(bridge.target.split(":").at(-1));
    expect(await failure({ listen: { type: "tcp", port } })).toBe(
      `FAILED_PRECONDITION: can't listen on tcp://127.0.0.1:${port} (EADDRINUSE): it is taken; give another port, or 0 for any free one`,
    );
    for (const bad of [-1, 65_536, 1.5, Number.NaN])
      expect(await failure({ listen: { type: "tcp", port: bad } })).toBe(
        `INVALID_ARGUMENT: listen.port ${bad} is no port; give 0 for any free one, or 1 to 65535`,
      );
    expect(await failure({ listen: { type: "tcp", host: "a b" } })).toContain("listen.host");
    expect(await failure({ listen: { type: "tcp", host: "192.0.2.1" } })).toBe(
      "FAILED_PRECONDITION: can't listen on tcp://192.0.2.1:0 (EADDRNOTAVAIL): give an address of this machine",
    );
  });

  it("DIAL-2: a Unix path is absolute and fits a socket's address", async () => {
    expect(await failure({ listen: { type: "unix", path: "b.sock" } })).toContain("listen.path");
    const folder = temporaryFolder();
    const path = (bytes: number): string => join(folder, "x".repeat(bytes - folder.length - 1));
    expect(await failure({ listen: { type: "unix", path: path(108) } })).toContain("108 bytes");
    const bridge = await startBridge({ listen: { type: "unix", path: path(107) }, upstream });
    await dial(bridge.target);
  });

  it("PROC-2: a stale socket is replaced; a live one and other files are left alone", async () => {
    const folder = temporaryFolder();
    const live = createServer();
    live.listen({ path: join(folder, "live.sock") });
    await once(live, "listening");
    onTestFinished(() => void live.close());
    expect(await failure({ listen: { type: "unix", path: join(folder, "live.sock") } })).toContain(
      "another process listens on",
    );
    const file = join(folder, "file");
    writeFileSync(file, "precious");
    expect(await failure({ listen: { type: "unix", path: file } })).toContain("no socket");
    expect(existsSync(file)).toBe(true);
    expect(await failure({ listen: { type: "unix", path: join(folder, "none/b.sock") } })).toContain(
      "give a folder that exists, and that this user may write to",
    );
  });

  it("a Unix socket is the provider's own, unless a mode is given", async () => {
    const folder = temporaryFolder();
    const modes = [];
    for (const mode of [undefined, 0o660]) {
      const path = join(folder, `${mode ?? "own"}.sock`);
      await startBridge({ listen: { type: "unix", path, ...(mode !== undefined && { mode }) }, upstream });
      modes.push(statSync(path).mode & 0o777);
    }
    expect(modes).toEqual([0o600, 0o660]);
  });
});

describe("what else a bridge is given", () => {
  it("DIAL-1: an upstream that is no dial target is told", async () => {
    for (const bad of ["/run/p.sock", "http://x:1", "tcp://x"])
      expect(await failure({ listen: { type: "tcp" }, upstream: bad })).toMatch(
        /^INVALID_ARGUMENT: upstream/,
      );
  });

  it("bounds are above 0", async () => {
    expect(await failure({ listen: { type: "tcp" }, maxConnections: 0 })).toBe(
      "INVALID_ARGUMENT: maxConnections 0 is no bound; give a number above 0",
    );
    expect(await failure({ listen: { type: "tcp" }, connectTimeoutMs: Number.NaN })).toContain(
      "connectTimeoutMs NaN",
    );
  });

  it("DIAL-3: a certificate must be readable, with its own key, and for the host that is dialled", async () => {
    const folder = temporaryFolder();
    const listen = (pair: { cert: string; key: string }, advertisedHost = "localhost"): BridgeListen => ({
      type: "tls",
      advertisedHost,
      ...writePair(folder, pair),
    });
    const [cert, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
    expect(await failure({ listen: listen({ cert: firstPair.cert, key: secondPair.key }) })).toBe(
      `FAILED_PRECONDITION: listen.keyFile ${key} is not the key of listen.certificateFile ${cert}; give both of one pair`,
    );
    expect(await failure({ listen: listen(otherHostPair) })).toBe(
      `FAILED_PRECONDITION: listen.certificateFile ${cert} is for DNS:other.test, not for localhost, which the host dials and verifies (DIAL-3); give a certificate for localhost, or another listen.advertisedHost`,
    );
    expect(await failure({ listen: listen(firstPair, "127.0.0.2") })).toContain("not for 127.0.0.2");
    expect(await failure({ listen: listen({ ...firstPair, cert: "nothing" }) })).toBe(
      `FAILED_PRECONDITION: listen.certificateFile ${cert} holds no certificate; give one as PEM`,
    );
    expect(await failure({ listen: listen({ ...firstPair, key: "nothing" }) })).toBe(
      `FAILED_PRECONDITION: listen.keyFile ${key} holds no private key without a passphrase; give one as PEM`,
    );
    expect(
      await failure({
        listen: { ...(listen(firstPair) as object), keyFile: join(folder, "no") } as BridgeListen,
      }),
    ).toBe(
      `FAILED_PRECONDITION: listen.keyFile ${folder}/no can't be read (ENOENT); give a readable PEM file`,
    );
    const byAddress = await startBridge({ listen: listen(firstPair, "127.0.0.1"), upstream });
    expect(byAddress.target).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/);
  });

  it("DIAL-3: a certificate that has expired is taken, and the doubt is told", async () => {
    const { logger, lines } = collectLogs();
    await startBridge({
      listen: { type: "tls", advertisedHost: "localhost", ...writePair(temporaryFolder(), expiredPair) },
      upstream,
      logger,
    });
    expect(lines).toMatchObject([
      { level: "warn", fields: { doubt: "it expired at Jan  2 00:00:00 2020 GMT" } },
    ]);
  });
});
