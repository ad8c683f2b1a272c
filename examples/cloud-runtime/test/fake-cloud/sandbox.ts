import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { openProcessTree, SpawnError, type ProcessTree } from "@gestalt-runtime/sdk/processes";
import { ApiError } from "./api-error.js";
import { Changes } from "./changes.js";
import { Output } from "./output.js";
import type { SandboxFacts } from "./settings.js";

/** What its programs see as its own directory. */
const insidePrefix = "/sandbox";

export interface SandboxRequest {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly region: string;
  readonly size: string;
  readonly ttlSeconds: number;
}

export interface ProgramRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it will listen, below /sandbox. */
  readonly socket: string;
}

export type ProgramState =
  | { readonly state: "running" }
  | { readonly state: "exited"; readonly exitCode: number }
  | { readonly state: "killed"; readonly signal: string }
  | { readonly state: "limit"; readonly limit: string; readonly detail: string };

interface Program {
  readonly request: ProgramRequest;
  readonly output: Output;
  state: ProgramState;
}

/**
 * One sandbox: a directory and a process tree of this machine. It has no file system of its own, so paths below
 * /sandbox are translated where the fake cloud meets them: in programs' environments, and in `exec`.
 */
export class Sandbox {
  readonly changes = new Changes();
  readonly createdAtMs = Date.now();
  readonly expiresAt: Date;
  state: "starting" | "running" | "failed" | "expired" | "deleting" | "gone" = "starting";
  reason = "";
  message = "";
  goneAtMs: number | undefined;
  /** Programs that were started in it. */
  starts = 0;
  #program: Promise<Program> | undefined;
  #started: Program | undefined;
  #tree: Promise<ProcessTree> | undefined;
  #directory = "";
  readonly #expiry: NodeJS.Timeout;

  constructor(
    readonly id: string,
    readonly request: SandboxRequest,
    private readonly root: string,
  ) {
    const ttlMs = request.ttlSeconds * 1_000;
    this.expiresAt = new Date(this.createdAtMs + ttlMs);
    this.#expiry = setTimeout(() => void this.#expire(), Math.min(ttlMs, 2 ** 31 - 1));
  }

  /** As the API shows it. */
  describe(): object {
    const { id, request, state, reason, message, expiresAt } = this;
    const { name, labels, region } = request;
    const program = this.#started?.state ?? null;
    return { id, name, labels, region, state, reason, message, expiresAt: expiresAt.toISOString(), program };
  }

  facts(): SandboxFacts {
    const { id, state, expiresAt } = this;
    const { name, labels, image } = this.request;
    const program = this.#started;
    return {
      id,
      name,
      state,
      labels,
      image,
      expiresAt: expiresAt.toISOString(),
      running: program?.state.state === "running",
      ...(program !== undefined && { command: program.request.command, args: program.request.args }),
    };
  }

  /** The image was pulled: programs can be started, in its working directory. */
  async up(directory: string): Promise<void> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    this.#directory = directory;
    if (this.state === "starting") this.#enter("running");
    else await rm(this.#path, { recursive: true, force: true });
  }

  fail(reason: string, message: string): void {
    if (this.state !== "starting") return;
    this.reason = reason;
    this.message = message;
    this.#enter("failed");
  }

  /** Starts its program; the same request again gives the same program. */
  async run(request: ProgramRequest): Promise<Program> {
    if (this.state !== "running") throw new ApiError(409, `the sandbox is ${this.state}`);
    this.#program ??= this.#start(request);
    const program = await this.#program;
    if (JSON.stringify(program.request) === JSON.stringify(request)) return program;
    throw new ApiError(409, "the sandbox has another program already");
  }

  get program(): Program {
    if (this.#started !== undefined) return this.#started;
    throw new ApiError(404, "the sandbox has no program");
  }

  get socketPath(): string {
    return this.#translate(this.program.request.socket);
  }

  /** Runs a helper to its end. */
  async exec(argv: readonly string[], stdin: string): Promise<object> {
    if (this.state !== "running") throw new ApiError(409, `the sandbox is ${this.state}`);
    const [command = "", ...args] = argv.map((text) => this.#translate(text));
    const tree = await this.#openTree();
    // Programs of a tree have no input: a shell gives them what came.
    const child = await tree.spawn({
      command: "/bin/sh",
      args: ["-c", 'printf %s "$STDIN_BASE64" | base64 -d | "$@"', "sh", command, ...args],
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin", STDIN_BASE64: stdin },
      cwd: this.#path,
    });
    const [stdout, stderr, ended] = await Promise.all([
      buffer(child.stdout),
      buffer(child.stderr),
      child.ended,
    ]);
    return { ...ended, stdout: stdout.toString("base64"), stderr: stderr.toString("base64") };
  }

  /** Ends the program as a limit of the cloud does. */
  async endByLimit(limit: string, detail: string): Promise<void> {
    const program = this.program;
    program.state = { state: "limit", limit, detail };
    await (await this.#openTree()).kill();
    this.changes.notify();
  }

  /** Ends the program from within, with an exit code of the test's choice. */
  endByExit(exitCode: number): Promise<void> {
    this.program.state = { state: "exited", exitCode };
    return this.#openTree().then(async (tree) => {
      await tree.kill();
      this.changes.notify();
    });
  }

  /** Removes it and all that runs in it, after a while. */
  async remove(afterMs: number): Promise<void> {
    if (this.state === "gone") return;
    if (this.state !== "deleting" && afterMs > 0) {
      this.#enter("deleting");
      setTimeout(() => void this.remove(0), afterMs);
    }
    if (afterMs > 0) return;
    this.goneAtMs = Date.now();
    this.#enter("gone");
    clearTimeout(this.#expiry);
    await (await this.#tree)?.kill();
    await rm(this.#path, { recursive: true, force: true });
  }

  async #start(request: ProgramRequest): Promise<Program> {
    const tree = await this.#openTree();
    const env = Object.fromEntries(
      Object.entries(request.env).map(([name, value]) => [name, this.#translate(value)]),
    );
    const { command, args } = request;
    try {
      const cwd = this.#directory;
      const child = await tree.spawn({ command: resolve(cwd, command), args, env, cwd });
      this.starts += 1;
      const output = new Output();
      output.take("stdout", child.stdout);
      output.take("stderr", child.stderr);
      const program: Program = { request, output, state: { state: "running" } };
      this.#started = program;
      void child.ended.then((ended) => {
        if (program.state.state === "running")
          program.state =
            ended.how === "exit"
              ? { state: "exited", exitCode: ended.code }
              : { state: "killed", signal: ended.signal };
        this.changes.notify();
      });
      return program;
    } catch (error) {
      this.#program = undefined;
      if (error instanceof SpawnError) throw new ApiError(422, error.message);
      throw error;
    }
  }

  async #expire(): Promise<void> {
    if (this.state === "gone" || this.state === "deleting") return;
    this.#enter("expired");
    if (this.#started?.state.state === "running")
      await this.endByLimit("lifetime", "the sandbox reached its ttl");
  }

  #openTree(): Promise<ProcessTree> {
    return (this.#tree ??= openProcessTree());
  }

  #enter(state: Sandbox["state"]): void {
    this.state = state;
    this.changes.notify();
  }

  #translate(text: string): string {
    if (text !== insidePrefix && !text.startsWith(`${insidePrefix}/`)) return text;
    return this.#path + text.slice(insidePrefix.length);
  }

  get #path(): string {
    return join(this.root, this.id);
  }
}
