import { utimes } from "node:fs/promises";

/** Well below the day or more after which systems take files for forgotten. */
const everyMs = 3_600_000;

/**
 * Gives files and folders the present time, now and then: systems that clean `/tmp` by age would take the lock of
 * an instance that lives long for something forgotten. It keeps no process alive.
 *
 * @param paths gives what is there now; what is gone is no fault
 * @returns ends it
 */
export function keepFresh(paths: () => Iterable<string>): () => void {
  const timer = setInterval(() => {
    void (async () => {
      const now = new Date();
      for (const path of paths()) await utimes(path, now, now).catch(() => undefined);
    })();
  }, everyMs).unref();
  return () => clearInterval(timer);
}
