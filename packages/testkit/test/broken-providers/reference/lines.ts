import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Gives each line of an output without its newline, and what is left at its end as the last. */
export function readLines(output: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let rest: string[] = [];
  output.on("data", (chunk: Buffer) => {
    const [first = "", ...more] = decoder.write(chunk).split("\n");
    rest.push(first);
    for (const next of more) {
      onLine(rest.join(""));
      rest = [next];
    }
  });
  output.on("end", () => {
    const last = rest.join("") + decoder.end();
    if (last !== "") onLine(last);
  });
}
