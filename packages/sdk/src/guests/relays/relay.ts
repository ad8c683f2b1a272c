import type { GuestListener } from "../../sessions/guest.js";

/** A program that many images have, and that can carry connections. */
export interface Relay {
  readonly tool: GuestTool;
  /** Run once to see whether it is there and has what is needed; it must exit with 0. */
  readonly probe: readonly string[];
  /** Carries one connection to `to` over stdin and stdout. */
  connect(to: GuestListener, atEnd: AtEnd): readonly string[];
  /** Listens at `at` and carries each connection to `to` until its stdin ends. Prints `ready` once it listens. */
  forward(at: GuestListener, to: GuestListener): readonly string[];
}

/** The programs that are known. */
export type GuestTool = "python3" | "perl" | "node" | "socat";

/**
 * What a relay does when the listener has ended its half. `"close stdout"`: it closes stdout and goes on sending.
 * `"exit"`: it ends, for execs that can't tell a closed stdout from a quiet one.
 */
export type AtEnd = "close stdout" | "exit";

/** A place as arguments of the programs here: its kind, its path or host, its port. */
export function placeWords(place: GuestListener): readonly string[] {
  return place.type === "unix" ? ["unix", place.path, "0"] : ["tcp", place.host, String(place.port)];
}
