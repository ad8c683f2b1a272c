import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  fixturePlugin,
  startGestaltd,
  type FakeGestaltd,
  type GestaltdOptions,
} from "@gestalt-runtime/testkit";

type Config = NonNullable<GestaltdOptions["runtimeProviders"][string]["config"]>;

/** A fake gestaltd that hosts the testkit's plugin through this package, with a temporary directory of its own. */
export class Host implements AsyncDisposable {
  private constructor(
    readonly gestaltd: FakeGestaltd,
    private readonly directory: string,
  ) {}

  static async start(config: Config = {}): Promise<Host> {
    // Short: a socket's path has room for 107 bytes.
    const directory = await mkdtemp(join(tmpdir(), "t-"));
    const gestaltd = await startGestaltd({
      tmpDir: directory,
      operatorEnv: { ...process.env, TMPDIR: directory },
      runtimeProviders: {
        mine: { source: fileURLToPath(new URL("../manifest.yaml", import.meta.url)), config },
      },
      plugins: { example: { ...fixturePlugin(), cache: ["main"] } },
      // A real host takes releases; here the manifest is run as it lies.
      onWarning: () => undefined,
    }).catch(async (error: unknown) => {
      await rm(directory, { recursive: true });
      throw error;
    });
    return new Host(gestaltd, directory);
  }

  /** Calls an operation of the plugin, and reads the JSON that it answers. */
  async call(operation: string, params: Config = {}): Promise<Record<string, unknown>> {
    const { status, body } = await this.gestaltd.execute("example", operation, params);
    if (status !== 200) throw new Error(`${operation} answered ${status}: ${body}`);
    return JSON.parse(body) as Record<string, unknown>;
  }

  /** What is still there of all that the host and the provider made. */
  left(): Promise<string[]> {
    return readdir(this.directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gestaltd.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
