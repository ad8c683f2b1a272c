// What lies behind the proxies: bytes as fast as they are taken, a counter of bytes, and answers to requests. Says its
// port on stdout, serves until it is ended.
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";

const piece = Buffer.alloc(256 * 1024, 7);

const http = createHttpServer((_request, response) => response.end("ok"));

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.once("data", (first: Buffer) => {
    const [, order, count] = /^(download|upload|echo) (\d+)\n/.exec(first.toString("latin1")) ?? [];
    if (order === "download") download(socket, Number(count));
    else if (order === "upload") upload(socket, Number(count), first.length);
    else if (order === "echo") socket.end("!");
    else {
      socket.unshift(first);
      http.emit("connection", socket);
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));

function download(socket: Socket, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const next = piece.subarray(0, Math.min(left, piece.length));
      left -= next.length;
      if (!socket.write(next)) {
        socket.once("drain", more);
        return;
      }
    }
    socket.end();
  };
  more();
}

function upload(socket: Socket, bytes: number, orderBytes: number): void {
  let read = -`upload ${bytes}\n`.length + orderBytes;
  socket.on("data", (more: Buffer) => {
    read += more.length;
    if (read >= bytes) socket.end("!");
  });
}
