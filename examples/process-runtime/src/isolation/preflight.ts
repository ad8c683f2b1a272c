import { mkdtemp, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { findTool, SpawnError } from "@gestalt-runtime/sdk/processes";
import { hasSeccompFilter } from "./seccomp.js";
import { tunDevice } from "../network/open-network.js";
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

/** No policy: what StartPlugin says of most plugins. */
const open: NetworkWish = {
  egress: { enforce: false, allowedHosts: [], defaultAction: "", endpoints: [] },
  say: () => undefined,
};
/**
 * What must be true in a network of a guest's own: there is a way out, and a program that binds its socket to that way's interface can't send to
 * a loopback address, which would be this machine's.
 */
const openScript = `
interface=
while read -r name target rest; do [ "$target" = 00000000 ] && interface=$name; done </proc/self/net/route
while read -r target length source from next metric uses counts flags name; do
  case $target$length$name in *lo) ;; 0000000000000000000000000000000000*) interface=$name ;; esac
done </proc/self/net/ipv6_route 2>/dev/null
[ -n "$interface" ] || { echo "it has no route"; exit ${exitCode}; }
for target in UDP4-SENDTO:127.0.0.1:9 UDP6-SENDTO:[::1]:9; do
  echo | "$0" -u - "$target,so-bindtodevice=$interface" 2>/dev/null && echo "it leads to this machine's loopback"
done
readlink /proc/self/ns/net
exit ${exitCode}`;

/**
 * Makes and ends a guest, as every session does.
 *
 * @returns undefined when it is what it is meant to be; else a sentence on what is missing, with the mend
 */
export async function tryIsolation(isolation: Isolation, folder: string): Promise<string | undefined> {
  const trial = { args: ["-c", script], network: closed, mend: mendFor };
  return tryGuest(isolation, folder, trial, (said) => {
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
  });
}

/**
 * Makes and ends a guest without a policy, in a network of its own.
 *
 * @param socat its path: it sends what must not arrive
 * @returns undefined when it is what it is meant to be; else a sentence on what is missing
 */
export async function tryOpenNetwork(
  isolation: Isolation,
  folder: string,
  socat: string,
): Promise<string | undefined> {
  const own = await readlink("/proc/self/ns/net");
  const trial = { args: ["-c", openScript, socat], network: open, mend: networkMend };
  return tryGuest(isolation, folder, trial, (said) => {
    const lines = said.trim().split("\n");
    const fault = lines.find((line) => line.startsWith("it "));
    if (fault !== undefined) return `a network of a guest's own was made, but ${fault}`;
    const isOwn = lines.length === 1 && lines[0]?.startsWith("net:") === true && lines[0] !== own;
    return isOwn ? undefined : "a network that was meant to be a guest's own is not";
  });
}

/** What is tried in a guest. */
interface Trial {
  /** The shell's arguments; exits with `exitCode` when it came to its end. */
  readonly args: readonly string[];
  readonly network: NetworkWish;
  /** What to do about a guest that can't be made, after what was said. */
  readonly mend: (fault: string) => string | Promise<string>;
}

async function tryGuest(
  isolation: Isolation,
  folder: string,
  { args, network, mend }: Trial,
  judge: (said: string) => string | undefined,
): Promise<string | undefined> {
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
      const program = await enclosure.spawn({ command: shell, args, env: {} }, network);
      const [said, complaint, end] = await Promise.all([
        textOf(program.stdout),
        textOf(program.stderr),
        program.ended,
      ]);
      if (end.how !== "exit" || end.code !== exitCode) return await mend(complaint || JSON.stringify(end));
      return judge(said);
    } finally {
      await enclosure.stop({ graceMs: 0 });
    }
  } catch (error) {
    // What a guest needs is at fault, not the program that looks around in it.
    const why = error instanceof SpawnError && error.cause instanceof Error ? error.cause : error;
    return await mend(why instanceof Error ? why.message : String(why));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function networkMend(fault: string): string {
  return `${fault}; pasta needs a default route and a ${tunDevice} that its user may open (mode 0666)`;
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
