import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readableFiles, readableFolders } from "../../src/sandbox/index.js";
import { sandboxRules } from "../../src/sandbox/rules.js";

it("PROC-10: the host's list, word for word", () => {
  expect(readableFolders).toEqual([
    "/usr/lib",
    "/usr/lib64",
    "/usr/share",
    "/lib",
    "/lib64",
    "/etc/ssl",
    "/etc/ca-certificates",
    "/proc/self",
  ]);
  expect(readableFiles).toEqual([
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/hosts",
    "/dev/urandom",
    "/dev/null",
  ]);
});

it("PROC-10: the list as it is on a machine, the provider's own folder, and what it may write to", async () => {
  const folder = await mkdtemp(join(tmpdir(), "t-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { paths, connectTcpPort, tcpListen } = sandboxRules({
    programFolder: folder,
    writableFolders: [join(folder, "missing"), "/tmp"],
    proxyPort: 4_000,
  });
  expect(paths).toContainEqual({ path: "/usr/lib", access: "read", type: "folder" });
  expect(paths).toContainEqual({ path: "/dev/null", access: "read", type: "file" });
  // What is not there is left out, as the host does it.
  expect(paths.slice(-2)).toEqual([
    { path: folder, access: "read", type: "folder" },
    { path: "/tmp", access: "write", type: "folder" },
  ]);
  expect({ connectTcpPort, tcpListen }).toEqual({ connectTcpPort: 4_000, tcpListen: "allowed" });
});
