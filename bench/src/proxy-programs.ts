import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool } from "@gestalt-runtime/sdk/processes";
import { freePort, untilAccepted } from "./local-port.js";
import { here } from "./programs.js";

/** A way to the origin. */
export interface Route {
  readonly name: string;
  /** Where the proxy listens; left out for none. */
  readonly proxyPort?: number;
}

/** The origin, and each way to it that this machine has. */
export interface Routes extends AsyncDisposable {
  readonly originPort: number;
  readonly direct: Route;
  readonly egress: Route;
  /** Debian's tinyproxy, where it is installed. */
  readonly tinyproxy: Route | undefined;
}

export async function openRoutes(): Promise<Routes> {
  const folder = await mkdtemp(join(tmpdir(), "gst-bp-"));
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children) if (child.kill("SIGKILL")) await once(child, "exit");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const originPort = await startNode("proxy-origin.mjs", children);
    const egress = { name: "egress proxy", proxyPort: await startNode("egress-proxy.mjs", children) };
    const port = findTool("tinyproxy") !== undefined ? await startTinyproxy(folder, children) : undefined;
    const tinyproxy = port === undefined ? undefined : { name: "tinyproxy", proxyPort: port };
    return { originPort, direct: { name: "direct" }, egress, tinyproxy, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(file: string, children: ChildProcess[]): Promise<number> {
  const child = spawn(process.execPath, [here(file)], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return Number(port.toString());
}

async function startTinyproxy(folder: string, children: ChildProcess[]): Promise<number> {
  const port = await freePort();
  const file = join(folder, "tinyproxy.conf");
  const lines = [
    `Port ${port}`,
    "Listen 127.0.0.1",
    "MaxClients 512",
    "Timeout 600",
    "Allow 127.0.0.1",
    "LogLevel Critical",
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  children.push(spawn("tinyproxy", ["-d", "-c", file], { stdio: ["ignore", "ignore", "inherit"] }));
  await untilAccepted(port);
  return port;
}
