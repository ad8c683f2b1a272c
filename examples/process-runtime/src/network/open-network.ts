import { readlinkSync } from "node:fs";
import { firstChildOf } from "../isolation/bwrap-status.js";
import type { NetworkMaker } from "./guest-network.js";
import { enclosed, endInner, startInner, type InnerProcess } from "./inner-process.js";
import type { OpenNetworkTools } from "./network-tools.js";
import { forwardedResolver } from "./resolver.js";

const readyTimeoutMs = 5_000;
const interfaceName = "eth0";
export const tunDevice = "/dev/net/tun";

/**
 * Runs inside once pasta has set the network up, as its root. A program that binds a socket to the interface can send a packet for a
 * loopback address out there, and pasta of before 2024 would hand it to this machine's own loopback: the kernel refuses to send it.
 */
const script = `
block() { "$1" xfrm policy add dst "$2" dev ${interfaceName} dir out action block; }
block "$1" 127.0.0.0/8 || exit 1
[ ! -e /proc/net/if_inet6 ] || block "$1" ::1/128 || exit 1
echo ready
exec "$0" infinity`;

/**
 * What the guest is called in its network, of what nobody routes: with an address of this machine's it would not reach this machine
 * there. An address that has no network here, such as one of IPv6, is not given.
 */
const ownAddresses = [
  ...["--address", "169.254.2.2", "--netmask", "24", "--gateway", "169.254.2.1"],
  ...["--address", "fd4e:6765:7374::2", "--gateway", "fe80::1"],
];

/** No port leads from this machine into the network, none from there to this machine's loopback, by the gateway's address either. */
const apart = ["--no-map-gw", "-t", "none", "-u", "none", "-T", "none", "-U", "none"];

/**
 * A network of a guest's own, with pasta as its way out: pasta makes this machine's connections for it. Its loopback interface and its
 * abstract sockets are not this machine's, nor any other guest's.
 */
export function openNetwork(tools: OpenNetworkTools): NetworkMaker {
  const command = [
    // Its root is nobody outside, also where this process is root: pasta holds no right over this machine.
    ...[tools.bwrap, "--unshare-user", "--uid", "0", "--gid", "0"],
    ...enclosed(["CAP_SYS_ADMIN", "CAP_NET_ADMIN"]),
    ...["--ro-bind", "/", "/", "--proc", "/proc", "--dev-bind-try", tunDevice, tunDevice, "--"],
    ...[tools.pasta, "--quiet", "--foreground", "--netns-only", "--config-net", ...ownAddresses, ...apart],
    ...["--ns-ifname", interfaceName, "--dns-forward", forwardedResolver, "--"],
    ...[tools.sh, "-c", script, tools.sleep, tools.ip],
  ];
  return {
    helper: "pasta",
    start: async (tree) => {
      let ready = (): void => undefined;
      const isReady = new Promise<void>((resolve) => (ready = resolve));
      // Nothing else there writes to stdout.
      const started = await startInner(tree, command, () => ready());
      try {
        await untilReady(isReady, started);
        return { process: started, holder: holderOf(started) };
      } catch (error) {
        endInner(started);
        await started.child.ended;
        throw error;
      }
    },
  };
}

async function untilReady(isReady: Promise<void>, { child, complaint }: InnerProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => (timer = setTimeout(() => resolve("late"), readyTimeoutMs)));
  const first = await Promise.race([isReady, late, child.ended.then(() => "ended" as const)]);
  clearTimeout(timer);
  if (first === "late") throw new Error(`pasta did not set a network up within ${readyTimeoutMs} ms`);
  if (first === "ended") throw new Error(`pasta could not set a network up: ${wordsOf(await complaint())}`);
}

/** Where no system log runs, pasta says so after each of its lines; and that a mapping is there already that it would make. */
function wordsOf(complaint: string): string {
  const noise = /to syslog$|uid_map|user mappings/;
  const lines = complaint.split("\n").filter((line) => !noise.test(line.trim()));
  return lines.join(" ").trim() || "it ended without a word";
}

/** pasta's child, the one process in the network; pasta itself is the child of the enclosure's first process. */
function holderOf({ first }: InnerProcess): number {
  const pasta = firstChildOf(first);
  const holder = pasta === undefined ? undefined : firstChildOf(pasta);
  const network = (pid: number | "self"): string => readlinkSync(`/proc/${pid}/ns/net`);
  if (holder === undefined || network(holder) === network("self"))
    throw new Error("pasta's network was not found among its processes");
  return holder;
}
