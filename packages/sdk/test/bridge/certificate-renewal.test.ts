import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Bridge } from "../../src/index.js";
import { expiredPair, otherHostPair, secondPair, type TestPair } from "./certificates.js";
import {
  collectLogs,
  dial,
  dialTls,
  firstPair,
  startBridge,
  startEcho,
  temporaryFolder,
  writePair,
  type LogLine,
} from "./support.js";

interface Renewed {
  readonly folder: string;
  readonly bridge: Bridge;
  readonly lines: LogLine[];
}

async function start(
  folder: string,
  files = writePair(folder, firstPair),
  checkMs?: number,
): Promise<Renewed> {
  const { logger, lines } = collectLogs();
  const bridge = await startBridge({
    listen: { type: "tls", advertisedHost: "localhost", ...files },
    upstream: (await startEcho()).target,
    ...(checkMs !== undefined && { certificateCheckMs: checkMs }),
    logger,
  });
  return { folder, bridge, lines };
}

/** The certificate that a new connection is shown, as PEM without line breaks. */
async function shown(bridge: Bridge): Promise<string> {
  const socket = await dialTls(bridge.target, { rejectUnauthorized: false });
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return raw.toString("base64");
}

const body = (pair: TestPair): string => pair.cert.replace(/-----.*-----|\n/g, "");

async function waitFor(bridge: Bridge, pair: TestPair): Promise<void> {
  await expect.poll(() => shown(bridge), { timeout: 15_000 }).toBe(body(pair));
}

describe("a certificate's renewal", () => {
  it("DIAL-3: files written in place are taken, and open connections go on", async () => {
    const { folder, bridge, lines } = await start(temporaryFolder());
    const client = await dial(bridge.target);
    expect(await shown(bridge)).toBe(body(firstPair));
    writePair(folder, secondPair);
    await waitFor(bridge, secondPair);
    client.write("still here");
    const [echo] = await new Promise<[Buffer]>((resolve) =>
      client.once("data", (data: Buffer) => resolve([data])),
    );
    expect(echo.toString()).toBe("still here");
    expect(lines.at(-1)).toMatchObject({
      level: "info",
      text: "the bridge has taken its renewed certificate",
      fields: { certificateFile: join(folder, "tls.crt") },
    });
  });

  it("DIAL-3: files replaced by a rename are taken", async () => {
    const { folder, bridge } = await start(temporaryFolder());
    const next = join(folder, "next");
    mkdirSync(next);
    writePair(next, secondPair);
    for (const name of ["tls.key", "tls.crt"]) renameSync(join(next, name), join(folder, name));
    await waitFor(bridge, secondPair);
  });

  it("DIAL-3: a folder swapped behind a link, as Kubernetes does, is taken", async () => {
    const mount = temporaryFolder();
    const version = (name: string, pair: TestPair): void => {
      mkdirSync(join(mount, name));
      writePair(join(mount, name), pair);
    };
    version("..1", firstPair);
    symlinkSync("..1", join(mount, "..data"));
    for (const name of ["tls.crt", "tls.key"]) symlinkSync(`..data/${name}`, join(mount, name));
    const files = { certificateFile: join(mount, "tls.crt"), keyFile: join(mount, "tls.key") };
    const { bridge, lines } = await start(mount, files);
    version("..2", secondPair);
    symlinkSync("..2", join(mount, "..data_tmp"));
    renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
    rmSync(join(mount, "..1"), { recursive: true });
    await waitFor(bridge, secondPair);
    expect(lines.filter(({ level }) => level === "warn")).toEqual([]);
  });

  it("DIAL-3: a change that the system does not report is seen by the regular look", async () => {
    // The folder that is watched does not change, the one behind the links does.
    const [links, behind] = [temporaryFolder(), temporaryFolder()];
    const real = writePair(behind, firstPair);
    const files = { certificateFile: join(links, "tls.crt"), keyFile: join(links, "tls.key") };
    symlinkSync(real.certificateFile, files.certificateFile);
    symlinkSync(real.keyFile, files.keyFile);
    const { bridge } = await start(links, files, 50);
    writePair(behind, secondPair);
    await waitFor(bridge, secondPair);
  });

  it.each([
    ["of another host", otherHostPair, "is for DNS:other.test, not for localhost"],
    ["with another's key", { cert: secondPair.cert, key: firstPair.key }, "is not the key of"],
    ["that is garbage", { cert: "garbage", key: secondPair.key }, "holds no certificate"],
    [
      "cut off in the middle",
      { cert: secondPair.cert.slice(0, 200), key: secondPair.key },
      "holds no certificate",
    ],
  ])("DIAL-3: one %s is warned of once and not taken; the next good one is", async (_, broken, text) => {
    const { folder, bridge, lines } = await start(temporaryFolder(), undefined, 20);
    const warnings = (): LogLine[] => lines.filter(({ level }) => level === "warn");
    writePair(folder, broken);
    await expect.poll(warnings, { timeout: 15_000 }).toMatchObject([
      {
        text: "the bridge keeps its old certificate: the new one can't be used",
        fields: { reason: expect.stringContaining(text) as unknown },
      },
    ]);
    expect(await shown(bridge)).toBe(body(firstPair));
    expect(JSON.stringify(lines)).not.toContain("PRIVATE KEY");
    writePair(folder, secondPair);
    await waitFor(bridge, secondPair);
    expect(warnings()).toHaveLength(1);
  });

  it("DIAL-3: missing files are warned of once, and taken when they are back", async () => {
    const { folder, bridge, lines } = await start(temporaryFolder(), undefined, 20);
    unlinkSync(join(folder, "tls.key"));
    await expect.poll(() => lines.length, { timeout: 15_000 }).toBe(1);
    expect(lines[0]?.fields.reason).toContain("can't be read (ENOENT)");
    expect(await shown(bridge)).toBe(body(firstPair));
    writePair(folder, secondPair);
    await waitFor(bridge, secondPair);
  });

  it("DIAL-3: one that has expired is taken, with the doubt in a warning", async () => {
    const { folder, bridge, lines } = await start(temporaryFolder());
    writePair(folder, expiredPair);
    await waitFor(bridge, expiredPair);
    expect(lines.at(-1)).toMatchObject({ level: "warn", fields: { doubt: /expired/ } });
  });

  it("ends with the bridge", async () => {
    const { folder, bridge, lines } = await start(temporaryFolder(), undefined, 5);
    await bridge.close();
    writeFileSync(join(folder, "tls.crt"), "garbage");
    // Another bridge on the same files has seen the change.
    writePair(folder, firstPair);
    const other = await start(folder, undefined, 5);
    writePair(folder, secondPair);
    await waitFor(other.bridge, secondPair);
    expect(lines).toEqual([]);
  });
});
