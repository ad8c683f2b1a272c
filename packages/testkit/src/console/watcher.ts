import { relative, sep } from "node:path";
import { watch } from "chokidar";
import type { WatchOptions } from "./options.js";

/** Folders that hold what is made or installed, not what somebody writes: what a build makes would start the next one. */
const leftOut = new Set(["node_modules", ".git", "dist", "release", "coverage", ".reports"]);
/** A save is often several writes. */
const settleMs = 150;

/** Watches what a provider is made of. */
export class Watcher implements AsyncDisposable {
  private constructor(
    private readonly close: () => Promise<void>,
    /** Resolves when changes from now on are seen. */
    readonly ready: Promise<void>,
  ) {}

  /** @param onChange the files that changed, relative to the folder; once for changes that come together */
  static watch({ folder, paths }: WatchOptions, onChange: (files: readonly string[]) => void): Watcher {
    const changed = new Set<string>();
    let timer: NodeJS.Timeout | undefined;
    const watcher = watch([...paths], {
      ignoreInitial: true,
      ignored: (path) => !paths.includes(path) && isLeftOut(relative(folder, path)),
    });
    watcher.on("all", (_event, path) => {
      changed.add(relative(folder, path));
      clearTimeout(timer);
      timer = setTimeout(() => {
        const files = [...changed].sort();
        changed.clear();
        onChange(files);
      }, settleMs);
    });
    const ready = new Promise<void>((resolve) => watcher.once("ready", () => resolve()));
    return new Watcher(async () => {
      clearTimeout(timer);
      await watcher.close();
    }, ready);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function isLeftOut(path: string): boolean {
  const parts = path.split(sep);
  return parts.some((part) => leftOut.has(part)) || path.endsWith(".tsbuildinfo") || path.endsWith("~");
}
