import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { findTool } from "@gestalt-runtime/sdk/processes";
import { hasSeccompFilter } from "./seccomp.js";
import type { Isolation, NetworkWish } from "./isolation.js";

const exitCode = 7;
/** A policy that lets nothing through. */
const closed: NetworkWish = {
  egress: { enforce: true, allowedHosts: [], defaultAction: "deny", endpoints: [] },
  say: () => undefined,
};
/** What must be true inside, by the kernel's own words, and an exit code that must come out. */
const script = `
while read -r name value rest; do
  case $name in NoNewPrivs:|Seccomp:|CapEff:) echo "$name$value" ;; esac
done </proc/self/status
while read -r name rest; do
  case $name in Iface|*:) ;; *) echo "route $name" ;; esac
done </proc/self/net/route
exit ${exitCode}`;

/**
 * Makes and ends a guest, as every session does.
 *
 * @returns undefined when it is what it is meant to be; else a sentence on what is missing, with the mend
 */
export async function tryIsolation(isolation: Isolation, folder: string): Promise<string | undefined> {
  const directory = await mkdtemp(join(folder, "try-"));
  try {
    const shell = findTool("sh");
    if (shell === undefined) return "no sh is installed to try it with: install a shell";
    const enclosure = await isolation.open({
      directory,
      root: { mounts: [], env: {} },
      limits: { launcher: [] },
    });
    try {
      const program = await enclosure.spawn({ command: shell, args: ["-c", script], env: {} }, closed);
      const [said, complaint, end] = await Promise.all([
        textOf(program.stdout),
        textOf(program.stderr),
        program.ended,
      ]);
      if (end.how !== "exit" || end.code !== exitCode) return await mendFor(complaint || JSON.stringify(end));
      const expected = [
        "CapEff:0000000000000000",
        "NoNewPrivs:1",
        ...(hasSeccompFilter() ? ["Seccomp:2"] : []),
      ];
      const missing = expected.filter((line) => !said.split("\n").includes(line));
      if (isolation.closesNetworks && said.includes("route "))
        return "a network that was meant to be closed has a route: it is not used";
      if (missing.length > 0) return `a guest lacks ${missing.join(", ")}: update bubblewrap`;
      return undefined;
    } finally {
      await enclosure.stop({ graceMs: 0 });
    }
  } catch (error) {
    return await mendFor(error instanceof Error ? error.message : String(error));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What keeps an operator's machine from making guests, by the switches that are known to do so. */
async function mendFor(fault: string): Promise<string> {
  const text = fault.trim().replace(/\s+/g, " ");
  if (
    process.getuid?.() !== 0 &&
    (await numberIn("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")) === 1
  )
    return `${text}; AppArmor keeps users from making user namespaces: give /usr/bin/bwrap a profile with "userns,", or set kernel.apparmor_restrict_unprivileged_userns to 0`;
  if ((await numberIn("/proc/sys/user/max_user_namespaces")) === 0)
    return `${text}; user namespaces are switched off: set user.max_user_namespaces to 10000`;
  if ((await numberIn("/proc/sys/kernel/unprivileged_userns_clone")) === 0 && process.getuid?.() !== 0)
    return `${text}; user namespaces are root's alone: set kernel.unprivileged_userns_clone to 1`;
  return `${text}; in a container, it must be allowed to make namespaces and mounts (Docker: --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined)`;
}

async function numberIn(path: string): Promise<number | undefined> {
  return readFile(path, "utf8").then(
    (text) => Number(text),
    () => undefined,
  );
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
