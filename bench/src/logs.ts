import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { here } from "./programs.js";
import { absoluteRow, rowOf, type Effort, type Row } from "./row.js";
import { median } from "./statistics.js";

/** Lines of 100 bytes through a pipe to a log host in a process of its own (LOGS-1, LOGS-4). */
export async function measureLogs({ isQuick, loadRounds }: Effort): Promise<Row[]> {
  const lines = isQuick ? 20_000 : 300_000;
  const [floor, own]: [number[], number[]] = [[], []];
  for (let round = 0; round < loadRounds; round += 1) {
    floor.push(await linesPerSecond("bare-log-forwarder.mjs", lines));
    own.push(await linesPerSecond("sdk-log-forwarder.mjs", lines));
  }
  return [
    rowOf({
      figure: "log lines/s, to a bare client",
      unit: "lines/s",
      own,
      floor,
      limit: 0.9,
      atLeast: true,
    }),
    absoluteRow("log lines/s", median(own), "lines/s", 100_000, true),
  ];
}

async function linesPerSecond(program: string, lines: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "gst-b-"));
  const socket = join(directory, "logs.sock");
  const host = node("log-host.mjs", [socket], ["ignore", "pipe", "inherit"]);
  try {
    if (host.stdout === null) throw new Error("the log host has no stdout");
    await once(host.stdout, "data");
    const began = performance.now();
    const writer = node("log-writer.mjs", [String(lines)], ["ignore", "pipe", "inherit"]);
    const forwarder = node(program, [socket], [writer.stdout ?? "ignore", "inherit", "inherit"]);
    const [code] = (await once(forwarder, "exit")) as [number | null];
    const seconds = (performance.now() - began) / 1_000;
    const counted = once(host.stdout, "data") as Promise<[Buffer]>;
    host.kill("SIGTERM");
    const [taken] = await counted;
    if (code !== 0 || Number(taken) !== lines)
      throw new Error(
        `${program} ended with ${String(code)} and ${taken.toString().trim()} of ${lines} lines`,
      );
    return lines / seconds;
  } finally {
    host.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
  }
}

function node(
  file: string,
  args: readonly string[],
  stdio: Parameters<typeof spawn>[2]["stdio"],
): ChildProcess {
  return spawn(process.execPath, [here(file), ...args], { stdio });
}
