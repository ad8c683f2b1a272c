import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { containment } from "./containment.js";

const keeper = fileURLToPath(new URL("./keeper.js", import.meta.url));
const quotedBytes = 2_000;

/** One plugin with its keeper, as the provider sees them. */
export class Guest {
  #keeper;
  #lastWords = Buffer.alloc(0);

  /** @param {{ command: string, args: string[], env: Record<string, string> }} order */
  constructor(order, onOutput) {
    const [program, ...args] = [...containment, process.execPath, keeper];
    this.#keeper = spawn(program, args, {
      env: { PATH: process.env.PATH },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      // Signals to the provider's process group are not for it.
      detached: true,
    });
    for (const stream of ["stdout", "stderr"])
      this.#keeper[stream].on("data", (chunk) => {
        if (stream === "stderr")
          this.#lastWords = Buffer.concat([this.#lastWords, chunk]).subarray(-quotedBytes);
        onOutput(stream, chunk);
      });
    /** Settled when nothing that the plugin started is left, and all of its output has been read. */
    this.gone = new Promise((resolve) => this.#keeper.once("close", resolve).once("error", resolve));
    const reports = this.#readReports();
    /** Rejects with the reason why the program can't run (PLUG-6). */
    this.started = reports.first.then((report) => {
      if (report?.started !== true)
        throw new Error(report?.failure ?? "the plugin's keeper ended before it had started the plugin");
    });
    /** How the plugin itself has ended. */
    this.ended = reports.second.then((report) => report ?? { signal: "SIGKILL" });
    this.#orders.on("error", () => undefined);
    this.#orders.write(`${JSON.stringify(order)}\n`);
  }

  get #orders() {
    return this.#keeper.stdio[3];
  }

  /** Asks the plugin to end, and ends all that is left of it after the grace. @param {number} graceMs */
  async stop(graceMs) {
    if (graceMs > 0) {
      this.#orders.write(`${JSON.stringify({ graceMs })}\n`);
      await this.ended;
    }
    await this.kill();
  }

  /** Ends it at once: a keeper takes the end of its orders for that. */
  async kill() {
    this.#orders.destroy();
    await this.gone;
  }

  quote() {
    const text = this.#lastWords.toString().trim();
    return text === "" ? "" : `; the end of its stderr: ${text}`;
  }

  #readReports() {
    const lines = createInterface({ input: this.#orders })[Symbol.asyncIterator]();
    const next = async () => {
      // A keeper that is killed may leave a connection that is reset: then it has said nothing more.
      const { value } = await lines.next().catch(() => ({ value: undefined }));
      return value === undefined ? undefined : JSON.parse(value);
    };
    const first = next();
    return { first, second: first.then(next) };
  }
}

export function describeEnd({ code, signal }) {
  return signal === undefined
    ? `the plugin exited with code ${code}`
    : `the plugin was ended by the signal ${signal}`;
}
