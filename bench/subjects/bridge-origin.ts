/**
 * A guest's listener, at the path that it is given. The first byte of a connection says what it is for: `u` to be
 * sent bytes, `d` to send as many mebibytes as the number behind it says, `e` to give them back.
 */
import { createServer, type Socket } from "node:net";

const mebibyte = Buffer.alloc(1024 * 1024, 1);

createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  socket.once("data", (first: Buffer) => {
    if (first[0] === 0x64) send(socket, Number(first.subarray(1).toString()));
    else if (first[0] === 0x65) socket.end(first);
    else socket.resume();
  });
  socket.on("end", () => socket.end("k"));
}).listen(process.argv[2], () => process.stdout.write("up"));

function send(socket: Socket, mebibytes: number): void {
  let left = mebibytes;
  const more = (): void => {
    while (left > 0) {
      left -= 1;
      if (!socket.write(mebibyte)) {
        socket.once("drain", more);
        return;
      }
    }
    socket.end();
  };
  more();
}
