import type { GuestListener } from "../../sessions/guest.js";
import type { Relay } from "./relay.js";

const buffer = ["-b", "65536"] as const;

/**
 * socat: in many images for debugging. It can't close stdout alone: once one half has ended, the other is given
 * three quiet seconds.
 */
export const socat: Relay = {
  tool: "socat",
  probe: ["socat", "-V"],
  connect: (to) => ["socat", ...buffer, "-t", "3", "-", address(to, "CONNECT")],
  forward: (at, to) => {
    const listen = `${address(at, "LISTEN")},${at.type === "unix" ? "unlink-early,fork" : "reuseaddr,fork"}`;
    return ["sh", "-c", supervise, "sh", listen, address(to, "CONNECT")];
  },
};

/** socat looks at no stdin while it listens, and leaves its children behind: a shell looks after it. */
const supervise = `
exec 3<&0 </dev/null
{ sh -c 'echo "$$"; exec socat -d -d ${buffer.join(" ")} -t 2000000 "$1" "$2" 2>&1' sh "$1" "$2" 3<&-; } | {
  read -r socat

  # Its children have it for their parent: the second word behind the name in stat(5).
  children() {
    for stat in /proc/[0-9]*/stat; do
      read -r line <"$stat" || continue
      set -- \${line##*) }
      pid=\${stat%/stat}
      [ "$2" != "$socat" ] || echo "\${pid#/proc/}"
    done 2>/dev/null
  }

  { cat <&3 >/dev/null; trap "" TERM; kill "$socat" $(children); exit 0; } >/dev/null 2>&1 &
  watch=$!
  exec 3<&-
  while read -r line; do
    case $line in
    *" E "*) echo "$line" >&2 ;;
    *" listening on "*) echo ready ;;
    esac
  done
  # Only the end of its stdin is meant to end it: then this kill comes too late.
  kill "$watch" 2>/dev/null
  wait "$watch" || exit 1
}
`;

function address(place: GuestListener, role: "CONNECT" | "LISTEN"): string {
  if (place.type === "unix") return `UNIX-${role}:${escape(place.path)}`;
  const isIpv6 = place.host.includes(":");
  const host = isIpv6 ? `[${place.host}]` : place.host;
  return role === "CONNECT"
    ? `TCP${isIpv6 ? "6" : ""}:${host}:${place.port},nodelay`
    : `TCP${isIpv6 ? "6" : "4"}-LISTEN:${place.port},bind=${host},nodelay`;
}

/** Characters that mean something in socat's addresses. */
function escape(path: string): string {
  return path.replace(/[\\:,!"'({[]/g, "\\$&");
}
