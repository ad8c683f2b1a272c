/**
 * Lines for whoever reads the provider's stderr, which may be nobody for a while (PROC-5): past
 * `maxQueuedBytes` lines are left out, and counted in the next one that is written.
 */
export function stderrLines(maxQueuedBytes = 1024 * 1024): (line: string) => void {
  let leftOut = 0;
  return (line) => {
    const { stderr } = process;
    ignoreErrors(stderr);
    if (stderr.writableLength > maxQueuedBytes) {
      leftOut++;
      return;
    }
    const notice = leftOut === 0 ? "" : `${leftOut} lines left out: nobody read stderr\n`;
    leftOut = 0;
    stderr.write(`${notice}${line}\n`);
  };
}

const watched = new WeakSet<NodeJS.WriteStream>();

/** A reader that has gone is no reason to end: without a listener, EPIPE would be an uncaught exception. */
function ignoreErrors(stream: NodeJS.WriteStream): void {
  if (watched.has(stream)) return;
  watched.add(stream);
  stream.on("error", () => undefined);
}
