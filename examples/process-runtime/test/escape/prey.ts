import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type ListenOptions } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { program } from "../support.js";

/** What is outside of every guest, each with the token that proves that it was reached. */
export interface Prey {
  readonly token: string;
  readonly file: string;
  readonly socket: string;
  readonly abstract: string;
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly address: string;
  readonly hostname: string;
  readonly victim: number;
  readonly ipcKey: number;
  readonly key: string;
  readonly program: string;
}

/** Puts it all up; it is gone after the test. */
export async function putUpPrey(directory: string): Promise<Prey> {
  const token = `token-${process.pid}-${Date.now().toString(36)}`;
  const file = join(directory, "secret");
  await writeFile(file, token, { mode: 0o600 });
  const answer = async (options: ListenOptions): Promise<number> => {
    const server = createServer((socket) => socket.on("error", () => undefined).end(token));
    server.listen(options);
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };
  const abstract = `gst-prey-${process.pid}`;
  const socket = join(directory, "prey.sock");
  await answer({ path: `\0${abstract}` });
  await answer({ path: socket });
  const tcpPort = await answer({ host: "::", port: 0 });
  const udp = createSocket("udp4", (_, { port, address }) => udp.send(token, port, address));
  udp.bind(0);
  await once(udp, "listening");
  onTestFinished(() => void udp.close());
  const victim = spawn("sleep", ["600"], {
    argv0: token,
    cwd: directory,
    env: { TOKEN: token },
    stdio: "ignore",
  });
  onTestFinished(() => void victim.kill("SIGKILL"));
  const ipcKey = 0x67730000 + (process.pid & 0xffff);
  const key = `gst-prey-${process.pid}`;
  const [addKey, unlink] = process.arch === "arm64" ? [217, 219] : [248, 250];
  perl(`shmget(${ipcKey}, 64, 01600); msgget(${ipcKey}, 01600)`);
  perl(
    `my ($t, $k, $v) = ("user", "${key}", "${token}"); syscall(${addKey}, $t, $k, $v, ${token.length}, -4)`,
  );
  onTestFinished(() => {
    perl(`shmctl(shmget(${ipcKey}, 0, 0), 0, 0); msgctl(msgget(${ipcKey}, 0), 0, 0)`);
    for (const name of [key, "gst-made"])
      perl(
        `my ($t, $n) = ("user", "${name}"); my $k = syscall(${unlink}, 10, -4, $t, $n, 0); syscall(${unlink}, 9, $k, -4) if $k > 0`,
      );
  });
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((found) => found?.family === "IPv4" && !found.internal);
  return {
    ...{ token, file, socket, abstract, tcpPort, ipcKey, key, program },
    udpPort: udp.address().port,
    address: outside?.address ?? "127.0.0.2",
    hostname: hostname(),
    victim: victim.pid ?? 0,
  };
}

function perl(code: string): void {
  spawnSync("perl", ["-e", code], { stdio: "ignore" });
}
