import { existsSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  startGestaltd,
  type AgentOptions,
  type FakeGestaltd,
  type GestaltdStopReport,
  type HostTimes,
  type PluginOptions,
  type PluginOutcome,
} from "../../src/host/index.js";
import { placeNode } from "../sandbox/probe.js";
import { fixture, type TestDirectory } from "./fixtures.js";
import { withPlaceholders } from "./normalise.js";
import { parseLines, readLines, type RecordedEvent, type Recording } from "./recording.js";

/** The environment of the operator who made the recordings. */
const operatorEnv = {
  PATH: process.env.PATH,
  HOME: "/root",
  LANG: "C.UTF-8",
  SSL_CERT_DIR: "/etc/ssl/certs",
  SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
  SECRET_OF_THE_OPERATOR: "must not arrive",
};

export interface ReplayOptions {
  /** Where the plugin's program lies below the artifacts. */
  readonly pluginPath?: string;
  readonly plugin?: Partial<PluginOptions>;
  readonly times?: Partial<HostTimes>;
  /** What is done once all plugins are hosted or skipped. Default: as many inspections as the recording has. */
  readonly drive?: (gestaltd: FakeGestaltd) => Promise<void>;
}

export interface Replay {
  readonly provider: readonly RecordedEvent[];
  /** What the plugin `example` received; empty when it was not started. */
  readonly plugin: readonly RecordedEvent[];
  readonly outcomes: ReadonlyMap<string, PluginOutcome>;
  readonly report: GestaltdStopReport;
  readonly trace: FakeGestaltd["trace"];
}

/** Drives the fake host through the scenario of a recording, and gives back what the recorders wrote down. */
export async function replay(
  recording: Recording,
  directory: TestDirectory,
  options: ReplayOptions = {},
): Promise<Replay> {
  const paths = {
    tmp: join(directory.path, "tmp"),
    artifacts: join(directory.path, "artifacts"),
    configDir: join(directory.path, "config"),
  };
  await Promise.all(Object.values(paths).map((path) => mkdir(path)));
  // Installed programs have no extension, so this says what they are.
  await writeFile(join(paths.artifacts, "package.json"), '{"type":"module"}');
  const command = join(paths.artifacts, "runtime/rec/bin/rec");
  await install("recording-provider", command);
  const sandboxed = recording.operator.server?.egress?.defaultAction === "deny";
  await writeFile(
    `${command}.settings.json`,
    JSON.stringify({ earlyLogsOf: pluginsWithRefusedLogs(recording) }),
  );
  const { pluginPath = "gestalt-plugin-provider-go" } = options;
  const plugins: Record<string, PluginOptions> = {};
  for (const [name, plugin] of Object.entries(recording.operator.plugins)) {
    const program = join(paths.artifacts, "providers", name, pluginPath);
    await install("recording-plugin", program);
    plugins[name] = {
      command: program,
      entrypoint: basename(pluginPath),
      runtime: plugin.execution.runtime,
      ...(plugin.cache === undefined ? {} : { cache: plugin.cache }),
      ...(plugin.egress === undefined ? {} : { egress: plugin.egress }),
      ...options.plugin,
    };
  }
  const agents: Record<string, AgentOptions> = {};
  for (const [name, agent] of Object.entries(recording.operator.agents ?? {})) {
    const program = join(paths.artifacts, "agent", name, "bin/agent");
    await install("recording-plugin", program);
    const { pool, ...runtime } = agent.execution.runtime;
    agents[name] = {
      command: program,
      runtime,
      indexedDb: agent.indexeddb !== undefined,
      pool: {
        minReadyInstances: pool.minReadyInstances,
        maxReadyInstances: pool.maxReadyInstances,
        startupTimeoutMs: milliseconds(pool.startupTimeout),
        healthCheckIntervalMs: milliseconds(pool.healthCheckInterval),
        restartPolicy: pool.restartPolicy,
        drainTimeoutMs: milliseconds(pool.drainTimeout),
      },
    };
  }
  let output = "";
  const gestaltd = await startGestaltd({
    runtimeProviders: {
      rec: { ...(sandboxed ? await asExecutable(command) : { command }), ...recording.operator.runtime },
    },
    plugins,
    agents,
    ...recording.operator.server,
    encryptionKey: "of the operator who made the recordings",
    onOutput: (chunk, stream) => {
      if (stream === "stdout") output += chunk.toString();
    },
    cwd: paths.configDir,
    tmpDir: paths.tmp,
    operatorEnv,
    ...(options.times === undefined ? {} : { times: options.times }),
  });
  let report;
  try {
    await (options.drive ?? ((host) => inspect(host, recording)))(gestaltd);
  } finally {
    report = await gestaltd.stop();
  }
  const read = async (program: string): Promise<readonly RecordedEvent[]> => {
    const file = `${program}.recording.jsonl`;
    return existsSync(file) ? withPlaceholders(await readLines(file), paths) : [];
  };
  return {
    provider: sandboxed ? withPlaceholders(parseLines(output), paths) : await read(command),
    plugin: await read(join(paths.artifacts, "providers/example", pluginPath)),
    outcomes: gestaltd.outcomes,
    report,
    trace: gestaltd.trace,
  };
}

/** The admin's looks of the recording: first the list of providers, then the sessions of one. */
async function inspect(gestaltd: FakeGestaltd, { events }: Recording): Promise<void> {
  const looks = events.filter(
    ({ event, method }) => event === "call" && method === "PluginRuntimeProvider/ListSessions",
  ).length;
  if (looks > 0) await gestaltd.admin.providers();
  if (looks > 1) await gestaltd.admin.sessions("rec");
}

function milliseconds(text: string): number {
  const seconds = /^(\d+)s$/.exec(text)?.[1];
  if (seconds === undefined) throw new Error(`no time: ${text}`);
  return Number(seconds) * 1_000;
}

/** A log record sent before the host has seen StartSession's answer is refused: a race, which a replay decides. */
function pluginsWithRefusedLogs({ events, operator }: Recording): readonly string[] {
  const names = Object.keys(operator.plugins);
  return events
    .filter(({ event }) => event === "log-refused")
    .map(({ message }) => {
      const id = /\bs\d+\b/.exec(message ?? "")?.[0] ?? "";
      // An agent's sessions come one after the other, so their ids say enough.
      return operator.agents === undefined ? (names[Number(id.slice(1)) - 1] ?? "") : id;
    });
}

/** A script can't start in the sandbox (PROC-10): Node.js itself beside it can, and reads what lies with it. */
async function asExecutable(script: string): Promise<{ command: string; args: readonly string[] }> {
  const command = `${script}-executable`;
  await placeNode(command);
  await writeFile(join(dirname(script), "package.json"), '{"type":"module"}');
  return { command, args: [script] };
}

async function install(name: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await copyFile(fixture(name), path);
}
