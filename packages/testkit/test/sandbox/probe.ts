import { constants, copyFile, link, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openSandbox, type OpenSandboxOptions, type Sandbox } from "../../src/sandbox/index.js";
import { ProviderProcess } from "../../src/host/index.js";
import { fixture, TestDirectory } from "../host/fixtures.js";
import type { Attempt } from "./attempts.js";

/**
 * A provider's package whose executable runs in the sandbox: Node.js itself, as in a single executable, with a
 * program to run beside it.
 */
export async function makeProgram(folder: string, script = fixture("sandbox-probe")): Promise<string> {
  await mkdir(folder, { recursive: true });
  const program = join(folder, "program");
  await placeNode(program);
  await copyFile(script, join(folder, "program.mjs"));
  return program;
}

/** Node.js itself at a path that is free. A link where that can be: it is 100 MB, and nobody writes to it. */
export async function placeNode(path: string): Promise<void> {
  await link(process.execPath, path).catch(() => copyFile(process.execPath, path, constants.COPYFILE_EXCL));
}

/** A sandbox with the probe in it. */
export class Probe implements AsyncDisposable {
  private constructor(
    readonly directory: TestDirectory,
    readonly program: string,
    readonly socketFolder: string,
    readonly sandbox: Sandbox,
  ) {}

  static async open(options: Partial<OpenSandboxOptions> = {}): Promise<Probe> {
    const directory = await TestDirectory.make();
    try {
      const program = await makeProgram(join(directory.path, "package"));
      const socketFolder = join(directory.path, "sockets");
      await mkdir(socketFolder);
      const sandbox = await openSandbox({
        program,
        socketFolder,
        tmpDir: directory.path,
        ...options,
      });
      return new Probe(directory, program, socketFolder, sandbox);
    } catch (error) {
      await directory[Symbol.asyncDispose]();
      throw error;
    }
  }

  get tmp(): string {
    return this.sandbox.environment.TMPDIR;
  }

  get packageFolder(): string {
    return join(this.directory.path, "package");
  }

  /** What comes of each attempt in the sandbox: `ok`, what it found, or the error's code. */
  async try(...attempts: readonly Attempt[]): Promise<readonly string[]> {
    const provider = await this.spawn([join(this.packageFolder, "program.mjs"), JSON.stringify(attempts)]);
    await provider.exited;
    try {
      return JSON.parse(provider.stdout) as string[];
    } catch {
      throw new Error(
        `the probe ended with ${JSON.stringify(provider.end)}: ${provider.stdout}${provider.stderr}`,
      );
    }
  }

  spawn(
    args: readonly string[],
    more: { readonly environment?: Record<string, string> } = {},
  ): Promise<ProviderProcess> {
    return ProviderProcess.spawn({
      command: this.program,
      args,
      environment: { ...more.environment, ...this.sandbox.environment },
      cwd: this.directory.path,
      maxOutputBytes: 65_536,
      launch: this.sandbox.launch,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox.close();
    await this.directory[Symbol.asyncDispose]();
  }
}
