/** Past this many bytes that nobody has read yet, lines are left out (PROC-5). */
const maxQueuedBytes = 1024 * 1024;

let leftOut = 0;
let waitsForReader = false;

/**
 * Writes a line for whoever reads the provider's stderr, which may be nobody for a while (PROC-5). It never
 * blocks and never throws: past 1 MiB that nobody has read, lines are left out, and counted in a line of its own
 * as soon as there is a reader again. A reader that has gone takes its lines with it.
 *
 * All of the SDK's lines take this way, so that one bound and one count hold for all of them.
 */
export function writeStderrLine(line: string): void {
  const { stderr } = process;
  ignoreErrors(stderr);
  if (stderr.writableLength <= maxQueuedBytes) {
    tellLeftOut();
    stderr.write(`${line}\n`);
    return;
  }
  leftOut += 1;
  if (waitsForReader) return;
  waitsForReader = true;
  stderr.once("drain", () => {
    waitsForReader = false;
    tellLeftOut();
  });
}

/** Comes before whatever is written next, or the reader would look for the gap in the wrong place. */
function tellLeftOut(): void {
  if (leftOut === 0) return;
  const text = `${leftOut} log lines were dropped while stderr was not read`;
  leftOut = 0;
  process.stderr.write(`${new Date().toISOString()} warn ${text}\n`);
}

const watched = new WeakSet<NodeJS.WriteStream>();

/** Without a listener, EPIPE of a reader that has gone would be an uncaught exception. */
function ignoreErrors(stream: NodeJS.WriteStream): void {
  if (watched.has(stream)) return;
  watched.add(stream);
  stream.on("error", () => undefined);
}
