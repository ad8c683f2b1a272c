import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, untilAccepted } from "./local-port.js";
import { here } from "./programs.js";

/** Ports that lead to one and the same guest's listener. */
export interface Ways extends AsyncDisposable {
  readonly bridge: number;
  /** Debian's socat, where it is installed: with its own buffers of 8 KiB, and with 64 KiB. */
  readonly socat?: number;
  readonly socatWide?: number;
}

export async function openWays(): Promise<Ways> {
  const folder = await mkdtemp(join(tmpdir(), "gst-bb-"));
  const socket = join(folder, "guest.sock");
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children) if (child.kill("SIGKILL")) await once(child, "exit");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await startNode("bridge-origin.mjs", socket, children);
    const bridge = Number(await startNode("bridge.mjs", socket, children));
    if (spawnSync("socat", ["-V"]).status !== 0) return { bridge, [Symbol.asyncDispose]: stop };
    const socat = await startSocat([], socket, children);
    const socatWide = await startSocat(["-b", "65536"], socket, children);
    return { bridge, socat, socatWide, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(file: string, socket: string, children: ChildProcess[]): Promise<string> {
  const child = spawn(process.execPath, [here(file), socket], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [printed] = (await once(child.stdout, "data")) as [Buffer];
  return printed.toString();
}

async function startSocat(
  options: readonly string[],
  socket: string,
  children: ChildProcess[],
): Promise<number> {
  const port = await freePort();
  // As long after the end of one half as it takes, as the bridge does.
  const listen = `TCP4-LISTEN:${port},bind=127.0.0.1,reuseaddr,nodelay,fork,backlog=511`;
  const args = [...options, "-t", "60", listen, `UNIX-CONNECT:${socket}`];
  children.push(spawn("socat", args, { stdio: ["ignore", "ignore", "inherit"] }));
  await untilAccepted(port);
  return port;
}
