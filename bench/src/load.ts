import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { GetPluginRuntimeSessionRequestSchema, PluginRuntimeProvider } from "@gestalt-runtime/sdk/protocol";
import type { Subject } from "./subject.js";
import { median } from "./statistics.js";

const run = promisify(execFile);

/** What a load found. */
export interface LoadResult {
  readonly medianUs: number;
  readonly callsPerSecond: number;
}

/** Calls GetSession `calls` times with `inFlight` calls at once. */
export type Load = (
  subject: Subject,
  sessionId: string,
  calls: number,
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
  calls: number,
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
        ...["-n", String(calls), "-c", "1", "-m", String(inFlight), "-t", "1"],
        ...["-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers"],
        `--log-file=${log}`,
        `--base-uri=unix:${subject.socket}`,
        `http://localhost/${PluginRuntimeProvider.typeName}/GetSession`,
      ],
      { maxBuffer: 16 * 1024 * 1024 },
    );
    if (!stdout.includes(`${calls} succeeded, 0 failed`)) throw new Error(`h2load failed:\n${stdout}`);
    const callsPerSecond = Number(/finished in .*?, ([\d.]+) req\/s/.exec(stdout)?.[1]);
    const lines = (await readFile(log, "utf8")).trim().split("\n");
    return { callsPerSecond, medianUs: median(lines.map((line) => Number(line.split("\t")[2]))) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function loadWithNode(
  subject: Subject,
  sessionId: string,
  calls: number,
  inFlight: number,
): Promise<LoadResult> {
  const client = subject.channel.client(PluginRuntimeProvider);
  const times: number[] = [];
  let left = calls;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) {
        const from = performance.now();
        await client.getSession({ sessionId });
        times.push((performance.now() - from) * 1_000);
      }
    }),
  );
  return { callsPerSecond: (calls / (performance.now() - started)) * 1_000, medianUs: median(times) };
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
