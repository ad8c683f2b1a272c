import { placeWords, type Relay } from "./relay.js";

/** Node.js: in every image of a Node.js plugin. */
export const node: Relay = {
  tool: "node",
  probe: ["node", "-e", ""],
  connect: (to, atEnd) => ["node", "-e", common + connect, ...placeWords(to), atEnd],
  forward: (at, to) => ["node", "-e", common + forward, ...placeWords(at), ...placeWords(to)],
};

const common = `
"use strict";
const fs = require("fs"), net = require("net");
const words = process.argv.slice(1);
const place = ([kind, host, port]) => (kind === "unix" ? { path: host } : { host, port: Number(port) });
const dial = (words) => net.connect({ ...place(words), allowHalfOpen: true, noDelay: true });
const fail = (what) => (error) => {
  fs.writeSync(2, what + ": " + error.message + "\\n");
  process.exit(1);
};
`;

const connect = `
const s = dial(words).on("error", fail("can't connect to " + words[1]));
process.stdin.on("error", fail("stdin"));
process.stdout.on("error", fail("stdout"));
s.on("connect", () => {
  process.stdin.pipe(s);
  s.pipe(process.stdout, { end: false });
});
s.on("end", () => {
  if (words[3] === "exit") process.stdout.write("", () => process.exit(0));
  // Node.js keeps stdout's descriptor open after its end.
  else process.stdout.end(() => { try { fs.closeSync(1); } catch {} });
});
`;

const forward = `
const path = words[0] === "unix" ? words[1] : undefined;
try {
  if (path !== undefined && fs.lstatSync(path).isSocket()) fs.unlinkSync(path);
} catch {}
const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (c) => {
  const s = dial(words.slice(3));
  c.on("error", () => s.destroy()).on("close", () => s.destroy());
  s.on("close", () => c.destroy()).on("error", (error) => {
    fs.writeSync(2, "can't connect to " + words[4] + ": " + error.message + "\\n");
    c.destroy();
  });
  s.on("connect", () => c.pipe(s).pipe(c));
});
server.on("error", fail("can't listen on " + words[1]));
server.listen(place(words), () => fs.writeSync(1, "ready\\n"));
process.stdin.on("end", () => process.exit(0)).on("error", () => process.exit(0)).resume();
process.on("exit", () => { try { if (path !== undefined) fs.unlinkSync(path); } catch {} });
`;
