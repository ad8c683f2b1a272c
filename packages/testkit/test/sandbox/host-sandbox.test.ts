import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fixture } from "../host/fixtures.js";
import { Probe } from "./probe.js";

interface Seen {
  readonly sandbox?: Readonly<Record<string, unknown>>;
  readonly explained: Readonly<Record<string, string>>;
}

async function seek(probe: Probe): Promise<Seen> {
  await copyFile(fixture("sandboxed-seeker"), join(probe.packageFolder, "program.mjs"));
  const provider = await probe.spawn([join(probe.packageFolder, "program.mjs")], {
    environment: {
      GESTALT_PLUGIN_NAME: "process",
      GESTALT_PLUGIN_SOCKET: join(probe.socketFolder, "plugin.sock"),
    },
  });
  await provider.exited;
  expect(provider.stderr).toBe("");
  return JSON.parse(provider.stdout) as Seen;
}

describe("what the SDK tells a provider in the host's sandbox", () => {
  for (const [enforcement, refusedWith] of [
    ["landlock", "EACCES"],
    ["bubblewrap", "ENOENT"],
  ] as const)
    it(`PROC-10: that it is in there, and what the operator would have to change (${enforcement})`, async () => {
      await using probe = await Probe.open({ enforcement });
      const { sandbox } = await seek(probe);
      expect(sandbox).toEqual({
        refusedWith,
        writableFolders: [probe.socketFolder, probe.tmp],
        proxy: probe.sandbox.environment.HTTP_PROXY,
        cannotHost:
          "gestaltd runs this provider in its sandbox: programs of this machine can't be started " +
          `(${refusedWith}), so plugins can't be hosted on it. The sandbox comes of server.egress.defaultAction: ` +
          "deny or of runtime.providers.process.egress.allowedHosts: set the default to allow and remove that list, " +
          "and give the plugins an egress.allowedHosts of their own; or choose a runtime that hosts plugins elsewhere",
      });
    });

  it("PROC-10: why each operation was refused, in a sentence and no bare code (landlock)", async () => {
    await using probe = await Probe.open({ enforcement: "landlock", tcpListen: "refused" });
    const { explained } = await seek(probe);
    const folders = `${probe.socketFolder} and ${probe.tmp}`;
    const outOfReach = (path: string): string =>
      `the host's sandbox keeps "${path}" out of reach: it lets the provider write to ${folders} only, and read its ` +
      "own folder and the system's libraries and certificates besides";
    const notStarted = (path: string): string =>
      `the host's sandbox refuses to start "${path}": only programs in the provider's own folder, ${folders} can be ` +
      "executed, and only with pipes for their output, since /dev/null is read-only";
    expect(explained).toEqual({
      program: notStarted("/bin/sh"),
      ignoredOutput: notStarted(probe.program),
      connection:
        "the host's sandbox refuses TCP connections to anything but the proxy " +
        `${probe.sandbox.environment.HTTP_PROXY} that HTTP_PROXY and HTTPS_PROXY name; connect through it`,
      listener: "the host's sandbox refuses to listen on TCP ports; listen on a Unix socket",
      reading: outOfReach("/etc/passwd"),
      writing: outOfReach(join(probe.packageFolder, "new")),
      moving: `the host's sandbox refuses to move "${probe.tmp}/a/file" to another folder; copy it, and remove it then`,
    });
  });
});
