// How the recording provider runs a plugin: plainly, for its host's sake.
import { spawn, type ChildProcess } from "node:child_process";
import { RuntimeProviderError, waitForHttp2 } from "@gestalt-runtime/sdk";

export class RecordedPlugin {
  private constructor(
    readonly socketPath: string,
    readonly child: ChildProcess,
    readonly exited: Promise<unknown>,
  ) {}

  static async start(
    command: string,
    args: readonly string[],
    socketPath: string,
    name: string,
  ): Promise<RecordedPlugin> {
    const child = spawn(command, args, {
      env: {
        PATH: process.env.PATH,
        GESTALT_PLUGIN_SOCKET: socketPath,
        GESTALT_PLUGIN_NAME: name,
        GESTALT_PLUGIN_PARENT_PID: String(process.pid),
      },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => reject(new RuntimeProviderError("FAILED_PRECONDITION", error.message)));
    });
    await waitForHttp2({ type: "unix", path: socketPath }, { signal: AbortSignal.timeout(20_000) });
    return new RecordedPlugin(socketPath, child, exited);
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    const kill = setTimeout(() => this.child.kill("SIGKILL"), 1_000);
    await this.exited;
    clearTimeout(kill);
  }
}
