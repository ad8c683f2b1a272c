import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Route } from "./proxy-programs.js";

/** Opens a connection to the origin, by `CONNECT` where there is a proxy. */
async function open({ proxyPort }: Route, originPort: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: proxyPort ?? originPort, noDelay: true });
  if (proxyPort === undefined) return socket;
  socket.write(`CONNECT 127.0.0.1:${originPort} HTTP/1.1\r\nHost: 127.0.0.1:${originPort}\r\n\r\n`);
  let answer = "";
  while (!answer.includes("\r\n\r\n")) {
    const [bytes] = (await once(socket, "data")) as [Buffer];
    answer += bytes.toString("latin1");
  }
  if (!/^HTTP\/1\.[01] 200 /.test(answer)) throw new Error(`the proxy answered ${JSON.stringify(answer)}`);
  return socket;
}

/** Fetches so many bytes over one connection; MiB per second. */
export async function download(route: Route, originPort: number, mebibytes: number): Promise<number> {
  const socket = await open(route, originPort);
  const bytes = mebibytes * 2 ** 20;
  let read = 0;
  const started = performance.now();
  socket.write(`download ${bytes}\n`);
  socket.on("data", (piece: Buffer) => (read += piece.length));
  await once(socket, "close");
  if (read !== bytes) throw new Error(`${route.name} brought ${read} of ${bytes} bytes`);
  return perSecond(mebibytes, started);
}

/** Sends so many bytes over one connection, until the origin has said that it has them; MiB per second. */
export async function upload(route: Route, originPort: number, mebibytes: number): Promise<number> {
  const socket = await open(route, originPort);
  const piece = Buffer.alloc(256 * 1024, 7);
  const started = performance.now();
  socket.write(`upload ${mebibytes * 2 ** 20}\n`);
  const received = once(socket, "data");
  for (let sent = 0; sent < mebibytes * 2 ** 20; sent += piece.length)
    if (!socket.write(piece)) await once(socket, "drain");
  await received;
  socket.destroy();
  return perSecond(mebibytes, started);
}

/** Opens connections one after the other, each with a question and its answer; microseconds for one. */
export async function setUp(route: Route, originPort: number, count: number): Promise<number> {
  const started = performance.now();
  for (let done = 0; done < count; done += 1) {
    const socket = await open(route, originPort);
    socket.write("echo 1\n");
    socket.resume();
    await once(socket, "close");
  }
  return ((performance.now() - started) * 1_000) / count;
}

/** Plain requests, each on a connection of its own, eight at a time; requests per second. */
export async function requests(route: Route, originPort: number, count: number): Promise<number> {
  const { proxyPort } = route;
  const authority = `127.0.0.1:${originPort}`;
  const target = proxyPort === undefined ? "/" : `http://${authority}/`;
  let left = count;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const socket = connect({ host: "127.0.0.1", port: proxyPort ?? originPort, noDelay: true });
      socket.write(`GET ${target} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`);
      let answer = "";
      socket.on("data", (bytes: Buffer) => (answer += bytes.toString("latin1")));
      await once(socket, "close");
      if (!/^HTTP\/1\.[01] 200 [^]*ok/.test(answer))
        throw new Error(`${route.name} answered ${JSON.stringify(answer)}`);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: 8 }, client));
  return perSecond(count, started);
}

function perSecond(count: number, started: number): number {
  return (count * 1_000) / (performance.now() - started);
}
