import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { defineFault } from "../../fault.js";
import { readLines } from "../../reference/lines.js";
import type { Reference } from "../../reference/reference.js";

const times = { logMs: 1_000 } as const;

function reads(reference: Reference, read: typeof readLines): void {
  const { startPlugin } = reference;
  reference.startPlugin = (start) => startPlugin({ ...start, readLines: read });
}

export const forgetsUnfinishedLine = defineFault({
  name: "forgets-unfinished-line",
  breaks: ["logs/append-logs/unfinished-line"],
  times,
  apply: (reference) => {
    reads(reference, (output: Readable, onLine) => {
      let rest = "";
      output.setEncoding("utf8").on("data", (chunk: string) => {
        const lines = `${rest}${chunk}`.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine(line);
      });
    });
  },
});

export const decodesEachChunk = defineFault({
  name: "decodes-each-chunk",
  breaks: ["logs/append-logs/multi-byte-characters"],
  apply: (reference) => {
    reads(reference, (output: Readable, onLine) => {
      let rest = "";
      output.on("data", (chunk: Buffer) => {
        const lines = `${rest}${chunk.toString()}`.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine(line);
      });
      output.on("end", () => {
        if (rest !== "") onLine(rest);
      });
    });
  },
});

export const readsLatin1 = defineFault({
  name: "reads-latin1",
  breaks: ["logs/append-logs/multi-byte-characters"],
  apply: (reference) => {
    reads(reference, (output: Readable, onLine) => {
      createInterface({ input: output.setEncoding("latin1") }).on("line", onLine);
    });
  },
});

export const oddBytesSpoilBatch = defineFault({
  name: "odd-bytes-spoil-batch",
  breaks: ["logs/append-logs/invalid-utf8"],
  times,
  apply: ({ logs }) => {
    const { append } = logs;
    // What a library does that refuses to write such a string.
    logs.append = (id, entries) =>
      entries.some(({ message }) => message?.includes("\ufffd") === true)
        ? Promise.resolve("taken")
        : append(id, entries);
  },
});

export const cutsLongLines = defineFault({
  name: "cuts-long-lines",
  breaks: ["logs/append-logs/long-line"],
  times,
  apply: ({ logs }) => {
    const { pieces } = logs;
    logs.pieces = (message) => pieces(message.slice(0, 16_384));
  },
});

export const longLinesInOnePiece = defineFault({
  name: "long-lines-in-one-piece",
  breaks: ["logs/append-logs/huge-line"],
  times,
  apply: ({ logs }) => {
    logs.pieces = (message) => [message === "" ? "\n" : message];
  },
});
