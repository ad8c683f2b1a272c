import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { hostSandbox } from "../../src/index.js";
import { explainRefusal } from "../../src/sandbox/refusal.js";

const seeker = fileURLToPath(new URL("../.fixtures/sandbox-seeker.mjs", import.meta.url));
const proxies = { HTTP_PROXY: "http://127.0.0.1:4000", HTTPS_PROXY: "http://127.0.0.1:4000" };

describe("outside the host's sandbox", () => {
  it("PROC-10: it is not found, whatever the environment says", () => {
    expect(hostSandbox()).toBeUndefined();
    expect(
      hostSandbox({ ...proxies, TMPDIR: "/tmp/x", GESTALT_PLUGIN_SOCKET: "/tmp/y/plugin.sock" }),
    ).toBeUndefined();
  });

  it("PROC-10: it is not found where a service manager forbids new privileges", () => {
    const { stdout, stderr } = spawnSync("setpriv", ["--no-new-privs", "--", seeker], {
      encoding: "utf8",
      env: { ...process.env, ...proxies },
    });
    expect(stderr).toBe("");
    expect(stdout).toBe("1 undefined\n");
  });
});

describe("why the sandbox refused something", () => {
  const sandbox = { writableFolders: ["/tmp/gstp-1", "/tmp/gstp-2"], proxy: proxies.HTTP_PROXY };
  const error = (code: string, syscall: string, path?: string): Error =>
    Object.assign(new Error(code), { code, syscall, ...(path === undefined ? {} : { path }) });

  it.each([
    [
      error("EACCES", "spawn /bin/sh", "/bin/sh"),
      "the host's sandbox refuses to start \"/bin/sh\": only programs in the provider's own folder, /tmp/gstp-1 and " +
        "/tmp/gstp-2 can be executed, and only with pipes for their output, since /dev/null is read-only",
    ],
    [
      error("EACCES", "connect"),
      "the host's sandbox refuses TCP connections to anything but the proxy http://127.0.0.1:4000 that HTTP_PROXY " +
        "and HTTPS_PROXY name; connect through it",
    ],
    [error("EACCES", "listen"), "the host's sandbox refuses to listen on TCP ports; listen on a Unix socket"],
    [
      error("EXDEV", "rename", "/tmp/gstp-1/a"),
      'the host\'s sandbox refuses to move "/tmp/gstp-1/a" to another folder; copy it, and remove it then',
    ],
    [
      error("EACCES", "open", "/etc/passwd"),
      'the host\'s sandbox keeps "/etc/passwd" out of reach: it lets the provider write to /tmp/gstp-1 and ' +
        "/tmp/gstp-2 only, and read its own folder and the system's libraries and certificates besides",
    ],
    [error("ENOENT", "open", "/x"), undefined],
    [error("ECONNREFUSED", "connect"), undefined],
    ["EACCES", undefined],
  ])("PROC-10: is told for %o", (thrown, sentence) => {
    expect(explainRefusal(thrown, sandbox)).toBe(sentence);
  });
});
