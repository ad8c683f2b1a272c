import { PluginRuntimeLogStream } from "@gestalt-runtime/sdk/protocol";
import { defineFault } from "../../fault.js";

/** What is not pushed is not waited for long. */
const times = { logMs: 1_000 } as const;
const { STDOUT, STDERR, RUNTIME } = PluginRuntimeLogStream;

export const newestFirst = defineFault({
  name: "newest-first",
  breaks: ["logs/append-logs/in-order"],
  apply: ({ logs }) => {
    const { nextLines } = logs;
    logs.nextLines = (lines) => nextLines(lines).reverse();
  },
});

export const oneStreamForAll = defineFault({
  name: "one-stream-for-all",
  breaks: ["logs/append-logs/stream"],
  times,
  apply: ({ logs }) => {
    const { push } = logs;
    logs.push = (id, line) => {
      push(id, { ...line, stream: line.stream === STDERR ? STDOUT : line.stream });
    };
  },
});

export const numbersEachStream = defineFault({
  name: "numbers-each-stream",
  breaks: ["logs/append-logs/source-seq"],
  apply: ({ logs }) => {
    const { entry } = logs;
    const last = new Map<string, bigint>();
    logs.entry = (lines, line) => {
      const key = `${lines.id} ${line.stream}`;
      const sourceSeq = (last.get(key) ?? 0n) + 1n;
      last.set(key, sourceSeq);
      return { ...entry(lines, line), sourceSeq };
    };
  },
});

export const noObservedTime = defineFault({
  name: "no-observed-time",
  breaks: ["logs/append-logs/observed-time"],
  apply: ({ logs }) => {
    const { entry } = logs;
    logs.entry = (...given) => ({ ...entry(...given), observedAt: undefined });
  },
});

export const observedInSeconds = defineFault({
  name: "observed-in-seconds",
  breaks: ["logs/append-logs/observed-time"],
  apply: ({ logs }) => {
    const { push } = logs;
    logs.push = (id, line) => {
      push(id, { ...line, observedAt: new Date(line.observedAt.getTime() / 1_000) });
    };
  },
});

export const saysNothingItself = defineFault({
  name: "says-nothing-itself",
  breaks: ["logs/append-logs/runtime-words", "session/failed/why-in-log"],
  times,
  apply: ({ logs }) => {
    const { push } = logs;
    logs.push = (id, line) => {
      if (line.stream !== RUNTIME) push(id, line);
    };
  },
});

export const sendsEmptyMessages = defineFault({
  name: "sends-empty-messages",
  breaks: ["logs/append-logs/blank-lines", "logs/append-logs/nothing-empty"],
  times,
  apply: ({ logs }) => {
    const { pieces } = logs;
    logs.pieces = (message) => (message === "" ? [""] : pieces(message));
  },
});

export const sendsEmptyBatches = defineFault({
  name: "sends-empty-batches",
  breaks: ["logs/append-logs/nothing-empty"],
  apply: ({ logs }) => {
    setInterval(() => {
      for (const { id, known, over } of logs.sessions.values()) if (known && !over) void logs.append(id, []);
    }, 20).unref();
  },
});
