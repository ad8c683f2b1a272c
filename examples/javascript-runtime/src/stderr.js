import { fstatSync, writeSync } from "node:fs";
import { Socket } from "node:net";

const maxWaitingBytes = 1 << 20;

/** Node.js writes to a pipe as if it were a file, and waits: a stderr that nobody reads would stop all (PROC-5). */
const pipe = opensAsPipe() ? new Socket({ fd: 2, readable: false, writable: true }) : undefined;
pipe?.on("error", () => undefined);
// The process does not stay for it.
pipe?.unref();

function opensAsPipe() {
  try {
    const found = fstatSync(2);
    return found.isFIFO() || found.isSocket();
  } catch {
    return false;
  }
}

/** Writes a line to stderr, or drops it when too much of it waits already. @param {string} line */
export function writeLine(line) {
  if (pipe === undefined) {
    try {
      writeSync(2, `${line}\n`);
    } catch {
      // Nobody holds it any more.
    }
  } else if (pipe.writableLength < maxWaitingBytes) pipe.write(`${line}\n`);
}

/** @param {string} message */
export const complain = (message) => writeLine(`javascript-runtime: ${message}`);
