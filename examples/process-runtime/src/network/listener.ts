import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { InnerProcess } from "./inner-process.js";
import type { NetworkTools } from "./network-tools.js";

const listenTimeoutMs = 5_000;
const lookMs = 2;
/** Connections at a time of one listener; more wait. */
const maxConnections = 256;
const bufferBytes = 65_536;
/** How long a connection stays open that has ended in one direction, in seconds: as long as any. */
const halfOpenSeconds = 86_400;

/** A listener of socat's, whose connections lead to a Unix socket. */
export function socat(tools: NetworkTools, address: string, port: number, socket: string): string[] {
  const isV6 = address.includes(":");
  const bind = isV6 ? `[${address}]` : address;
  const options = `bind=${bind},fork,reuseaddr,backlog=128,max-children=${maxConnections}`;
  return [
    ...[tools.socat, "-b", String(bufferBytes), "-t", String(halfOpenSeconds)],
    ...[`TCP${isV6 ? 6 : 4}-LISTEN:${port},${options}`, `UNIX-CONNECT:${socket}`],
  ];
}

/**
 * Looks into the network itself: a connection made for looking would be one to the proxy.
 *
 * @param holder a process in the network
 * @throws Error with the listener's own words when it does not come to listen
 */
export async function untilListening(
  holder: number,
  address: string,
  port: number,
  { child, complaint }: InnerProcess,
): Promise<void> {
  const deadline = performance.now() + listenTimeoutMs;
  const end = { seen: false };
  void child.ended.then(() => (end.seen = true));
  while (!isListening(holder, address, port)) {
    if (end.seen) throw new Error(`socat could not listen on port ${port}: ${await complaint()}`);
    if (performance.now() > deadline)
      throw new Error(`socat did not listen on port ${port} within ${listenTimeoutMs} ms`);
    await delay(lookMs);
  }
}

/** State 0A is LISTEN; the second field is the local address, its bytes the last first, and the port, all in hexadecimal digits. */
function isListening(pid: number, address: string, port: number): boolean {
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, "0");
  const isV6 = address.includes(":");
  const bytes = isV6 ? [] : address.split(".").reverse();
  const local = `${bytes.map((byte) => hex(Number(byte), 2)).join("")}:${hex(port, 4)}`;
  try {
    return readFileSync(`/proc/${pid}/net/${isV6 ? "tcp6" : "tcp"}`, "latin1")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .some(([, found = "", , state]) => state === "0A" && (isV6 ? found.endsWith(local) : found === local));
  } catch {
    return false;
  }
}
