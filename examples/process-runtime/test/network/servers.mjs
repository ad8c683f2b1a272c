/*
 * Servers on all addresses of a machine, over TCP (HTTP) and UDP, which say on stdout who was reached, and a resolver
 * for which every name has one address. Arguments: the resolver's address, and that one.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";

const [resolver, outside] = process.argv.slice(2);

async function http(port) {
  const server = createServer((request, response) => {
    const { localAddress } = request.socket;
    response.end(`reached ${localAddress}`);
  });
  server.on("connection", ({ localAddress }) => console.log(`tcp ${localAddress.replace("::ffff:", "")}`));
  server.listen(port, "::");
  await once(server, "listening");
  return server.address().port;
}

async function udp(type, port, address) {
  const socket = createSocket({ type, ipv6Only: type === "udp6" });
  socket.on("message", (message, from) => {
    console.log(`${type} ${message.toString().trim()}`);
    socket.send(message, from.port, from.address);
  });
  socket.bind(port, address);
  await once(socket, "listening");
}

/** A question comes back with its answer behind it; a question for anything but an IPv4 address without one. */
async function dns() {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const isA = query.readUInt16BE(end - 4) === 1;
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(isA ? 1 : 0, 6);
    head.fill(0, 8);
    const answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...outside.split(".").map(Number)];
    const parts = [head, query.subarray(12, end), Buffer.from(isA ? answer : [])];
    socket.send(Buffer.concat(parts), from.port, from.address);
  });
  socket.bind(53, resolver);
  await once(socket, "listening");
}

const [port, otherPort] = [await http(0), await http(0)];
await udp("udp4", port, "0.0.0.0");
await udp("udp6", port, "::");
await dns();
console.log(JSON.stringify({ port, otherPort }));
