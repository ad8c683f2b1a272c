import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, watch } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChannel, ProviderLifecycle, type ProtocolChannel } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";

/** A program that is measured. */
export interface Program {
  readonly name: string;
  readonly file: string;
  readonly nodeArgs?: readonly string[];
  /** True where what it writes to its stderr is no sign of trouble. */
  readonly isTalkative?: boolean;
  /** Starts by itself, without Node.js before it. Default false. */
  readonly isExecutable?: boolean;
}

/** A running one. */
export interface Subject {
  readonly pid: number;
  readonly socket: string;
  readonly channel: ProtocolChannel;
  /** Milliseconds from the spawn to the first answered call. */
  readonly startUpMs: number;
  /** Resident memory in MiB. */
  residentMiB(): Promise<number>;
  /** Bytes in use once garbage was collected: for programs that write them down on SIGUSR2. */
  bytesInUse(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a program as the host does, and measures the time until it has answered a first call. */
export async function startSubject(program: Program): Promise<Subject> {
  const { file, nodeArgs = [], isExecutable = false, isTalkative = false } = program;
  const directory = await mkdtemp(join(tmpdir(), "gst-b-"));
  const socket = join(directory, "s.sock");
  const watcher = watch(directory);
  const started = performance.now();
  const [command, args] = isExecutable ? [file, []] : [process.execPath, [...nodeArgs, file]];
  const child = spawn(command, args, {
    stdio: ["ignore", "ignore", isTalkative ? "ignore" : "inherit"],
    env: {
      PATH: process.env.PATH,
      TMPDIR: directory,
      GESTALT_PLUGIN_SOCKET: socket,
      GESTALT_PLUGIN_PARENT_PID: String(process.pid),
    },
  });
  const channel = openChannel(`unix:${socket}`, credentials.createInsecure());
  try {
    await appears(watcher, child);
    await channel
      .client(ProviderLifecycle)
      .getProviderIdentity({}, { waitForReady: true, timeoutMs: 10_000 });
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    watcher.close();
  }
  const startUpMs = performance.now() - started;
  const pid = child.pid ?? 0;
  return {
    pid,
    socket,
    channel,
    startUpMs,
    residentMiB: () => residentMiB(pid),
    bytesInUse: async () => {
      const file = join(directory, "memory");
      for (let round = 0; round < 3; round += 1) {
        await rm(file, { force: true });
        child.kill("SIGUSR2");
        while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return Number(await readFile(file, "utf8"));
    },
    stop: async () => {
      channel.close();
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function appears(watcher: ReturnType<typeof watch>, child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    watcher.on("change", (_, name) => {
      if (name === "s.sock") resolve();
    });
    child.once("exit", (code, signal) =>
      reject(new Error(`the program ended with ${String(code ?? signal)}`)),
    );
  });
}

async function residentMiB(pid: number): Promise<number> {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) / 1024;
}
