import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { CloudRecord, CloudSettings, CloudStart, Fault } from "./settings.js";

const program = fileURLToPath(new URL("../.fixtures/fake-cloud.mjs", import.meta.url));

/** A fake cloud in a process of its own: what providers use, and what the test asks of it. */
export class FakeCloud implements AsyncDisposable {
  readonly token = "the-clouds-own-token";

  private constructor(
    readonly endpoint: string,
    readonly directory: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(settings: Partial<CloudSettings> = {}): Promise<FakeCloud> {
    const directory = await mkdtemp("/tmp/fc-");
    const start: CloudStart = { token: "the-clouds-own-token", directory, settings };
    // Not as an argument: tests look for secrets there.
    const child = spawn(process.execPath, [program], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { PATH: process.env.PATH, FAKE_CLOUD: JSON.stringify(start) },
    });
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const { endpoint } = JSON.parse(line) as { endpoint: string };
    return new FakeCloud(endpoint, directory, child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  configure(settings: Partial<CloudSettings>): Promise<unknown> {
    return this.#admin("PUT", "settings", settings);
  }

  fault(fault: Fault): Promise<unknown> {
    return this.#admin("POST", "faults", fault);
  }

  /** Forgets planned faults, and closes the connections of calls that hang. */
  clearFaults(): Promise<unknown> {
    return this.#admin("DELETE", "faults");
  }

  record(): Promise<CloudRecord> {
    return this.#admin("GET", "record") as Promise<CloudRecord>;
  }

  /** Takes a sandbox away behind the provider's back. */
  vanish(sandbox: string): Promise<unknown> {
    return this.#admin("POST", `sandboxes/${encodeURIComponent(sandbox)}/vanish`);
  }

  /** Ends a sandbox's program as a limit of the cloud does. */
  endByLimit(sandbox: string, limit: string, detail: string): Promise<unknown> {
    return this.#admin("POST", `sandboxes/${encodeURIComponent(sandbox)}/limit`, { limit, detail });
  }

  /** Ends a sandbox's program with an exit code. */
  endByExit(sandbox: string, exitCode: number): Promise<unknown> {
    return this.#admin("POST", `sandboxes/${encodeURIComponent(sandbox)}/exit`, { exitCode });
  }

  /** One call of the cloud's own API. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    token = this.token,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(new URL(path, this.endpoint), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** Ends the cloud and all that runs in it. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.stdin?.end();
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.call(method, `/admin/${path}`, body);
    if (answer.status === 200) return answer.body;
    throw new Error(`the fake cloud refused ${method} ${path}: ${JSON.stringify(answer)}`);
  }
}
