import type { FixtureOperations, LogParams } from "./operations.js";

const alphabet = "abcdefghijklmnopqrstuvwxyz";
/** A byte that never stands in UTF-8, and the first half of a two-byte character. */
const notUtf8 = Buffer.from([0xff, 0xc3]);

/**
 * The bytes of one line of the `log` operation, without its newline: `<stream> <number> ` and filler up to the
 * size. A line is never shorter than what numbers it.
 */
export function fixtureLogLine(
  stream: "stdout" | "stderr",
  number: number,
  {
    bytes = 80,
    filler = alphabet,
    invalidUtf8 = false,
  }: Pick<FixtureOperations["log"]["params"], "bytes" | "filler" | "invalidUtf8"> = {},
): Buffer {
  const head = Buffer.from(`${stream} ${number} `);
  const tail = invalidUtf8 ? notUtf8 : Buffer.alloc(0);
  const room = Math.max(0, bytes - head.length - tail.length);
  return Buffer.concat([head, filled(room, filler === "" ? alphabet : filler), tail]);
}

/** A character that does not fit whole becomes dots: cut, it would not be UTF-8. */
function filled(room: number, filler: string): Buffer {
  const body = Buffer.alloc(room, filler);
  let lead = room - 1;
  while (lead > 0 && ((body[lead] ?? 0) & 0xc0) === 0x80) lead--;
  const first = body[lead] ?? 0;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return lead + size > room ? body.fill(".", lead) : body;
}

/** Writes what was asked for, and resolves when the system has taken all of it. */
export async function writeLogLines(params: LogParams): Promise<{ stdout: number; stderr: number }> {
  const { count = 1, stream = "stdout", first = 1, blankLines = false, finalNewline = true } = params;
  const streams = stream === "both" ? (["stdout", "stderr"] as const) : [stream];
  const written = { stdout: 0, stderr: 0 };
  for (let number = first; number < first + count; number++) {
    const isLast = number === first + count - 1;
    const end = isLast && !finalNewline ? "" : blankLines ? "\n\n" : "\n";
    for (const name of streams) {
      await write(name, Buffer.concat([fixtureLogLine(name, number, params), Buffer.from(end)]));
      written[name]++;
    }
  }
  return written;
}

function write(name: "stdout" | "stderr", bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    // Nobody listening any more is no reason for a plugin to fail.
    process[name].write(bytes, () => resolve());
  });
}
