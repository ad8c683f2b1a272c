import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fixturePlugin, startGestaltd, type FakeGestaltd } from "@gestalt-runtime/testkit";
import { findLeftovers } from "./leftovers.js";
import { bad, good, heading, hideDirectory, line, showCall, showEvent } from "./print.js";

const require = createRequire(import.meta.url);
const processRuntime = join(
  dirname(require.resolve("@gestalt-runtime/example-process-runtime/package.json")),
  "dist/process-runtime.mjs",
);

/** Everything of this run is made below here, so that what is left can be seen. */
const directory = await mkdtemp(join(tmpdir(), "gst-demo-"));
hideDirectory(directory);
const pids = new Set<number>();

try {
  await demo();
} catch (error) {
  bad(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function demo(): Promise<void> {
  console.log("A fake gestaltd hosts a real plugin through the process runtime.");

  heading("1. Start the provider, make a session, bind host services, start the plugin");
  const gestaltd = await startGestaltd({
    tmpDir: directory,
    operatorEnv: { ...process.env, TMPDIR: directory },
    runtimeProviders: {
      // Not isolated: what this demo shows of the plugin's processes, it shows by the machine's own numbers.
      process: { command: processRuntime, config: { isolation: "none", readyTimeoutMs: 30_000 } },
    },
    plugins: {
      example: { ...fixturePlugin({ args: ["serve"] }), config: { greeting: "Hi" }, cache: ["main"] },
    },
    onCall: showCall,
    onEvent: (event) => {
      if (event.type === "spawned") pids.add(event.pid);
      showEvent(event);
    },
  });
  try {
    await useThePlugin(gestaltd);
  } finally {
    heading("5. Stop");
    await gestaltd.stop();
  }
  await proveThatNothingIsLeft();
}

async function useThePlugin(gestaltd: FakeGestaltd): Promise<void> {
  const { sessionId, dialTarget } = gestaltd.plugin("example");
  good(`the plugin is hosted in session ${sessionId}`);
  good(`the host reaches it at ${dialTarget}`);

  heading("2. Call it: the plugin writes to the host's cache and reads it back");
  const cache = await execute(gestaltd, "cache", { key: "greeting", value: "hello from the guest" });
  expect(cache.value === "hello from the guest", "the value came back through the host's Cache service");
  const kept = gestaltd.plugin("example").caches.get("main")?.get("greeting");
  expect(Buffer.from(kept ?? []).toString() === "hello from the guest", "and the host has it in its cache");

  heading("3. What runs: the plugin's processes, a daemon of its own among them");
  const { pid: daemon } = await execute(gestaltd, "spawn", { kind: "daemon", ignoreSigterm: true });
  const { pid, descendants } = await execute(gestaltd, "processes", {});
  for (const found of [pid, daemon, ...(descendants as { pid: number }[]).map((child) => child.pid)])
    pids.add(Number(found));
  line(`${pids.size} processes: ${[...pids].join(", ")}; the daemon ${String(daemon)} ignores SIGTERM`);

  heading("4. The plugin's log lines, as the host stored them");
  await execute(gestaltd, "log", { count: 2, bytes: 40, stream: "both" });
  const logs = await logRecords(gestaltd, sessionId, 4);
  for (const { seq, sourceSeq, stream, message } of logs)
    line(`#${seq} (source ${String(sourceSeq)}) ${stream.padEnd(7)} ${message.trimEnd()}`);
  expect(logs.length >= 4, `the host has ${logs.length} records of this session`);
  for (const provider of await gestaltd.admin.providers())
    good(`an admin sees the provider ${provider.name} with ${provider.sessionCount} session`);
}

async function proveThatNothingIsLeft(): Promise<void> {
  heading("6. What is left");
  const left = await findLeftovers(directory, pids);
  for (const what of left) bad(`left behind: ${what}`);
  if (left.length > 0) throw new Error("something is left behind");
  good(`none of ${pids.size} processes, no socket, no directory`);
}

/** Calls an operation and reads its JSON answer. */
async function execute(
  gestaltd: FakeGestaltd,
  operation: string,
  params: Record<string, string | number | boolean>,
): Promise<Record<string, unknown>> {
  const { status, body } = await gestaltd.execute("example", operation, params);
  if (status !== 200) throw new Error(`${operation} answered ${status}: ${body}`);
  return JSON.parse(body) as Record<string, unknown>;
}

/** The forwarder sends in batches: waits until at least `count` records have come. */
async function logRecords(gestaltd: FakeGestaltd, sessionId: string, count: number): Promise<LogRecords> {
  const giveUpAt = Date.now() + 5_000;
  for (;;) {
    const records = gestaltd.admin.logs("process", sessionId) ?? [];
    if (records.length >= count || Date.now() > giveUpAt) return records;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type LogRecords = NonNullable<ReturnType<FakeGestaltd["admin"]["logs"]>>;

function expect(holds: boolean, text: string): void {
  if (!holds) throw new Error(`this did not hold: ${text}`);
  good(text);
}
