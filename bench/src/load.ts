import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { GetPluginRuntimeSessionRequestSchema, PluginRuntimeProvider } from "@gestalt-runtime/sdk/protocol";
import type { Subject } from "./subject.js";
import { median, percentile } from "./statistics.js";

const run = promisify(execFile);

/** What a load found. */
export interface LoadResult {
  readonly medianUs: number;
  readonly callsPerSecond: number;
  /** What one call in a hundred takes longer than. */
  readonly p99Us: number;
}

/** How long a load goes on: for so many calls, or for so many seconds. */
export type Amount = number | { readonly seconds: number };

/** Calls GetSession with `inFlight` calls at once. */
export type Load = (
  subject: Subject,
  sessionId: string,
  amount: Amount,
  inFlight: number,
) => Promise<LoadResult>;

/** The load generator: h2load where it is installed, since a Node.js client is slower than the server. */
export async function findLoad(): Promise<{ name: string; load: Load }> {
  try {
    await run("h2load", ["--version"]);
    return { name: "h2load (nghttp2)", load: loadWithH2load };
  } catch {
    return {
      name: "a grpc-js client, slower than the server: install nghttp2-client for h2load",
      load: loadWithNode,
    };
  }
}

async function loadWithH2load(
  subject: Subject,
  sessionId: string,
  amount: Amount,
  inFlight: number,
): Promise<LoadResult> {
  const directory = await mkdtemp(join(tmpdir(), "gst-l-"));
  try {
    const message = toBinary(
      GetPluginRuntimeSessionRequestSchema,
      create(GetPluginRuntimeSessionRequestSchema, { sessionId }),
    );
    const frame = Buffer.alloc(5 + message.length);
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    const [body, log] = [join(directory, "body"), join(directory, "log")];
    await writeFile(body, frame);
    const { stdout } = await run(
      "h2load",
      [
        ...(typeof amount === "number" ? ["-n", String(amount)] : ["-D", String(amount.seconds)]),
        ...["-c", "1", "-m", String(inFlight), "-t", "1"],
        ...["-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers"],
        `--log-file=${log}`,
        `--base-uri=unix:${subject.socket}`,
        `http://localhost/${PluginRuntimeProvider.typeName}/GetSession`,
      ],
      { maxBuffer: 16 * 1024 * 1024 },
    );
    const [, succeeded] = /(\d+) succeeded, 0 failed/.exec(stdout) ?? [];
    if (succeeded === undefined || (typeof amount === "number" && Number(succeeded) !== amount))
      throw new Error(`h2load failed:\n${stdout}`);
    const callsPerSecond = Number(/finished in .*?, ([\d.]+) req\/s/.exec(stdout)?.[1]);
    const lines = (await readFile(log, "utf8")).trim().split("\n");
    const times = lines.map((line) => Number(line.split("\t")[2]));
    return { callsPerSecond, medianUs: median(times), p99Us: percentile(times, 0.99) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function loadWithNode(
  subject: Subject,
  sessionId: string,
  amount: Amount,
  inFlight: number,
): Promise<LoadResult> {
  const client = subject.channel.client(PluginRuntimeProvider);
  const times: number[] = [];
  let left = typeof amount === "number" ? amount : Infinity;
  const started = performance.now();
  const end = typeof amount === "number" ? Infinity : started + amount.seconds * 1_000;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0 && performance.now() < end) {
        const from = performance.now();
        await client.getSession({ sessionId });
        times.push((performance.now() - from) * 1_000);
      }
    }),
  );
  const callsPerSecond = (times.length / (performance.now() - started)) * 1_000;
  return { callsPerSecond, medianUs: median(times), p99Us: percentile(times, 0.99) };
}

/** h2load takes any answer for a success: one checked call first. Gives the id of the session to ask for. */
export async function checkSubject(subject: Subject): Promise<string> {
  const { ProviderLifecycle } = await import("@gestalt-runtime/sdk/protocol");
  await subject.channel.client(ProviderLifecycle).configureProvider({ name: "bench", protocolVersion: 3 });
  const runtime = subject.channel.client(PluginRuntimeProvider);
  const metadata = { provider_kind: "plugin", provider_name: "example" };
  const started = await runtime.startSession({ pluginName: "example", metadata });
  const session = await runtime.getSession({ sessionId: started.id });
  if (session.id !== started.id || session.state !== "ready" || session.metadata.provider_name !== "example")
    throw new Error("the subject does not answer GetSession as it should");
  return started.id;
}
