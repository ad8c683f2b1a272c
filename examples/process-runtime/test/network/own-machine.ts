import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ProviderInstance } from "@gestalt-runtime/testkit";
import { onTestFinished } from "vitest";
import { program } from "../support.js";

/** The addresses of a machine that a test has to itself: a network namespace. */
export const addresses = {
  /** On its first interface. */
  first: "198.51.100.2",
  /** The way out of it; nobody is there. */
  gateway: "198.51.100.1",
  /** What stands for the world outside of guests. */
  outside: "203.0.113.7",
} as const;

/** Where its resolver is: on its loopback interface, as on many machines. */
const resolver = "127.0.0.53";

const setUp = `set -e
ip link set lo up
ip link add up0 type veth peer name up1
ip link set up0 up
ip link set up1 up
ip address add ${addresses.first}/24 dev up0
ip route add default via ${addresses.gateway}
if [ -e /proc/net/if_inet6 ]; then
  ip address add fd98::2/64 dev up0 nodad
  ip route add default via fd98::1
fi
ip address add ${addresses.outside}/32 dev lo
folder=$(mktemp --directory)
mount -t tmpfs none "$folder"
echo "nameserver ${resolver}" >"$folder/resolv.conf"
mount --bind "$folder/resolv.conf" "$(readlink -f /etc/resolv.conf)"
mknod --mode 666 "$folder/tun" c 10 200
mount --bind "$folder/tun" /dev/net/tun
umount --lazy "$folder"
rmdir "$folder"
exec "$@"`;

/** The host's sockets are its own user's: another user is let to them, who then becomes the runtime. */
const becomeUser = `for socket in $(env | sed -n 's/^GESTALT_[A-Z_]*SOCKET=//p'); do
  chmod 777 "$(dirname "$socket")"
  [ ! -e "$socket" ] || chmod 666 "$socket"
done
exec setpriv --reuid="$1" --regid="$1" --clear-groups "$2"`;

/** Whether this machine has a default route, which pasta takes its addresses from. */
export function hasWayOut(): boolean {
  const lines = readFileSync("/proc/net/route", "latin1").split("\n");
  return lines.some((line) => line.split(/\s+/)[1] === "00000000");
}

/** The runtime on a machine of its own, which only root can make. */
export function onOwnMachine(runtime = program, uid?: number): { command: string; args: string[] } {
  const user = uid === undefined ? [] : ["sh", "-c", becomeUser, "sh", String(uid)];
  const args = ["--net", "--mount", "sh", "-c", setUp, "sh", ...user, runtime];
  return { command: "/usr/bin/unshare", args };
}

/** What listens on a machine of a test's own, at all of its addresses. */
export interface Servers {
  /** Of HTTP over TCP, and of UDP. */
  readonly port: number;
  readonly otherPort: number;
  /** Every contact until now, as `tcp 127.0.0.1`. */
  readonly contacts: readonly string[];
}

/** Starts servers, and a resolver for which every name is that of the outside, on a provider's machine. */
export async function startServers({ process: { pid } }: ProviderInstance): Promise<Servers> {
  const servers = fileURLToPath(new URL("servers.mjs", import.meta.url));
  const child = spawn(
    "nsenter",
    [`--net=/proc/${pid}/ns/net`, process.execPath, servers, resolver, addresses.outside],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const contacts: string[] = [];
  const lines = createInterface(child.stdout);
  const ports = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("exit", (code) => reject(new Error(`the servers ended with ${String(code)}`)));
  });
  lines.on("line", (line) => contacts.push(line));
  return { ...(JSON.parse(ports) as { port: number; otherPort: number }), contacts };
}
