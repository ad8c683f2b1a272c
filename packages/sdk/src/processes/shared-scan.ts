/**
 * Makes one run of a costly look at the whole machine serve everybody who asked for it in the same turn of
 * the event loop: a hundred trees that end at once would otherwise read all of `/proc` a hundred times.
 */
export function sharedScan<Result>(scan: () => Result): () => Promise<Result> {
  let next: Promise<Result> | undefined;
  return () =>
    (next ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        // Cleared before the scan: whoever asks from now on needs to see what happened since.
        next = undefined;
        try {
          resolve(scan());
        } catch (error) {
          reject(error);
        }
      });
    }));
}
