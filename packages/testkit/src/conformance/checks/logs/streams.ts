import { PluginRuntimeLogStream } from "@gestalt-runtime/sdk/protocol";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { defineCheck } from "../../check/check.js";
import { LogWatch, failedStart, linesArrive, watchedPlugin } from "./session-log.js";

const streams = ["stdout", "stderr"] as const;

export const inOrder = defineCheck({
  id: "logs/append-logs/in-order",
  title: "every line of stdout and of stderr is pushed once, each stream in its order",
  requirements: ["LOGS-1"],
  instance: "shared",
  cause: "Calls for one session overtake each other, or a batch is sent before one that failed.",
  mend: "Have one call under way for each session, and repeat the same batch until it was taken or given up.",
  run: async (t) => {
    const { plugin, log } = await watchedPlugin(t);
    const count = 500;
    await plugin.execute("log", { count, stream: "both" });
    for (const stream of streams) {
      if (!(await linesArrive(t, log, stream, count))) continue;
      const wrong = log.numbers(stream).findIndex((number, index) => number !== index + 1);
      t.expect(
        wrong === -1,
        `line ${wrong + 1} of ${stream} should come next in the log; line ${log.numbers(stream)[wrong] ?? ""} does`,
      );
    }
  },
});

export const rightStream = defineCheck({
  id: "logs/append-logs/stream",
  title: "each line says whether it was written to stdout or to stderr",
  requirements: ["LOGS-1"],
  instance: "shared",
  cause: "Both outputs are read from one pipe, or the stream is left out.",
  mend: "Read stdout and stderr apart, and set each record's stream.",
  run: async (t) => {
    const { plugin, log } = await watchedPlugin(t);
    await plugin.execute("log", { count: 5, stream: "both" });
    const expected = { stdout: PluginRuntimeLogStream.STDOUT, stderr: PluginRuntimeLogStream.STDERR };
    for (const stream of streams) {
      if (!(await linesArrive(t, log, stream, 5))) continue;
      const lines = log.taken.filter(({ message }) => message.startsWith(`${stream} `));
      const wrong = lines.find((line) => line.stream !== expected[stream]);
      t.expect(
        wrong === undefined,
        `a line of ${stream} came with stream ${PluginRuntimeLogStream[wrong?.stream ?? 0]}; expected ${stream.toUpperCase()}`,
      );
    }
  },
});

export const sourceSequence = defineCheck({
  id: "logs/append-logs/source-seq",
  title: "source_seq rises by one from record to record of a session, over all its streams",
  requirements: ["LOGS-1"],
  instance: "shared",
  cause: "Each stream or each batch counts by itself, or the field is left out.",
  mend: "Keep one counter for each session, and give each record of any stream its next number.",
  run: async (t) => {
    const { plugin, log } = await watchedPlugin(t);
    await plugin.execute("log", { count: 50, stream: "both" });
    for (const stream of streams) await linesArrive(t, log, stream, 50);
    const numbers = log.taken.map(({ sourceSeq }) => sourceSeq);
    const at = numbers.findIndex((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0n) + 1n);
    t.expect(
      at === -1,
      `a record has source_seq ${numbers[at] ?? ""}, the one before it ${numbers[at - 1] ?? ""}; it had to rise by one`,
    );
  },
});

const plausibleMs = 60_000;

export const observedTime = defineCheck({
  id: "logs/append-logs/observed-time",
  title: "each record says when it was observed",
  requirements: ["LOGS-1"],
  instance: "shared",
  cause: "observed_at is left out, or seconds and milliseconds are mixed up.",
  mend: "Set observed_at to the time at which the line was read.",
  run: async (t) => {
    const startedAt = Date.now();
    const { plugin, log } = await watchedPlugin(t);
    await plugin.execute("log", { count: 5, stream: "both" });
    for (const stream of streams) await linesArrive(t, log, stream, 5);
    const without = log.taken.filter(({ observedAt }) => observedAt === undefined).length;
    t.expect(without === 0, `${without === log.taken.length ? "no" : "not every"} record has an observed_at`);
    const [from, to] = [startedAt - plausibleMs, Date.now() + plausibleMs];
    const wrong = log.taken
      .flatMap(({ observedAt }) => (observedAt === undefined ? [] : [timestampDate(observedAt).getTime()]))
      .find((time) => !(time >= from && time <= to));
    t.expect(
      wrong === undefined,
      "a record's observed_at is more than a minute away from the time at which its line was written",
    );
  },
});

export const runtimeWords = defineCheck({
  id: "logs/append-logs/runtime-words",
  title: "what the runtime itself has to say stands in the session's log, as stream RUNTIME",
  requirements: ["LOGS-1"],
  instance: "shared",
  cause: "Only the plugin's output is pushed: why a plugin could not be started is not in the log.",
  mend: "Write what the runtime knows (starts, failures, ends) to the session's log, with stream RUNTIME.",
  run: async (t) => {
    const provider = await t.provider();
    const watch = new LogWatch(t, provider);
    const session = await t.session(provider);
    const missing = { ...t.pluginRequest(), command: "/nonexistent/conformance/plugin" };
    await failedStart(session, missing);
    const log = watch.of(session.id);
    const { RUNTIME } = PluginRuntimeLogStream;
    await t.eventually(
      "after a failed start the log holds a word of the runtime's",
      t.subject.times.logMs,
      () =>
        log.taken.some(({ stream, message }) => stream === RUNTIME && message.trim() !== "")
          ? undefined
          : "there is no record with stream RUNTIME",
    );
  },
});
