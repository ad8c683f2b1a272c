import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Ended, StringMap } from "@gestalt-runtime/sdk";

export interface GuestProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: StringMap;
}

export interface GuestOutput {
  readonly stream: "stdout" | "stderr";
  /** Base64. */
  readonly data: string;
}

export interface GuestReport {
  readonly program: "none" | "running" | Ended;
}

export interface GuestOutputPage {
  readonly chunks: readonly GuestOutput[];
  readonly next: number;
  readonly ended: boolean;
}

/** Nobody listens on the guest's socket: it is gone. */
export class GuestGone extends Error {
  override readonly name = "GuestGone";
}

const program = fileURLToPath(new URL("guest-machine.mjs", import.meta.url));

/** The client of one guest's daemon, by the guest's directory. */
export class GuestClient {
  constructor(private readonly directory: string) {}

  /** Starts the daemon as nobody's child, and resolves when it answers. */
  async boot(signal: AbortSignal): Promise<void> {
    if (!existsSync(this.#socket)) {
      const child = spawn(process.execPath, [program, this.directory], {
        detached: true,
        cwd: "/",
        env: { PATH: process.env.PATH },
        stdio: "ignore",
      });
      child.unref();
    }
    while (!existsSync(this.#socket)) await delay(5, undefined, { signal });
  }

  report(signal: AbortSignal): Promise<GuestReport> {
    return this.#call("GET", "/", signal);
  }

  run(wanted: GuestProgram, signal: AbortSignal): Promise<object> {
    return this.#call("PUT", "/program", signal, wanted);
  }

  /** Answers when the program has ended. */
  ended(): Promise<Ended> {
    return this.#call("GET", "/ended");
  }

  output(from: number, signal: AbortSignal): Promise<GuestOutputPage> {
    return this.#call("GET", `/output?from=${from}`, signal);
  }

  /** Tells it to end; it does so by itself. */
  remove(signal: AbortSignal): Promise<object> {
    return this.#call("DELETE", "/", signal);
  }

  get #socket(): string {
    return join(this.directory, "guest.sock");
  }

  #call<T>(method: string, path: string, signal?: AbortSignal, body?: object): Promise<T> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: this.#socket, method, path, ...(signal && { signal }) });
      outgoing.on("error", (error: NodeJS.ErrnoException) =>
        reject(
          error.code === "ENOENT" || error.code === "ECONNREFUSED"
            ? new GuestGone(`no guest at ${this.directory}`, { cause: error })
            : error,
        ),
      );
      outgoing.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("error", reject);
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(JSON.parse(text) as T);
          else reject(new Error(text));
        });
      });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
