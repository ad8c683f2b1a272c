import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../.fixtures/store-worker.mjs", import.meta.url));

/** A process that has a store open; see fixtures/store-worker.ts. */
export class Worker {
  readonly lines: string[] = [];
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #heard: () => void = () => undefined;

  constructor(mode: string, directory: string, seed = 0, prefix: readonly string[] = []) {
    const [command = process.execPath, ...before] = prefix;
    const args = [...before, ...(prefix.length > 0 ? [process.execPath] : []), program];
    const child = spawn(command, [...args, mode, directory, String(seed)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.child = child;
    // It may be killed before it reads.
    child.stdin.on("error", () => undefined);
    this.#ended = once(child, "close");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.lines.push(line);
      this.#heard();
    });
    void this.#ended.then(() => this.#heard());
  }

  get instance(): string {
    return this.words("open")[0]?.[0] ?? "";
  }

  /** The words after `first` of each line that begins with it. */
  words(first: string): string[][] {
    return this.lines.filter((line) => line.startsWith(`${first} `)).map((line) => line.split(" ").slice(1));
  }

  /** Waits for a line that begins so. */
  async said(start: string): Promise<void> {
    while (!this.lines.some((line) => line.startsWith(start))) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`the worker ended before it said ${start}: ${this.lines.join("; ")}`);
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }

  go(): void {
    this.child.stdin?.write("\n");
  }

  /** Waits for its end, and for the last of what it said. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#ended;
  }
}
