import { spawn, spawnSync } from "node:child_process";
import { createServer, connect, isIP, type Socket } from "node:net";
import { pipeline } from "node:stream";

/** The first argument of this same program when it is to be the first process of a closed network. */
export const insideFlag = "--inside";

/** Where something is reached in a closed network, and the socket of the provider that leads on. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly socket: string;
}

/** Opens the doors, then runs a program, passes signals on to it, and ends as it does. */
export async function runInside(
  doorsText = "[]",
  [command = "", ...args]: readonly string[] = [],
): Promise<void> {
  for (const door of JSON.parse(doorsText) as Door[]) await open(door);
  const child = spawn(command, args, { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
  child.once("error", ({ message }) => {
    process.stderr.write(`${message}\n`);
    process.exit(127);
  });
  child.once("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 0);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

async function open({ host, port, socket }: Door): Promise<void> {
  if (isIP(host) === 4 && !host.startsWith("127."))
    spawnSync("ip", ["address", "add", `${host}/32`, "dev", "lo"], { stdio: "inherit" });
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const onward = connect({ path: socket, allowHalfOpen: true });
    join(client, onward);
    join(onward, client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

function join(from: Socket, to: Socket): void {
  pipeline(from, to, (error) => {
    if (!(error instanceof Error)) return;
    from.destroy();
    to.destroy();
  });
}
