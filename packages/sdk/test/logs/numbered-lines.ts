/** 100 bytes with its line feed, and no two alike. */
export function numberedLine(number: number): string {
  return `line ${String(number).padStart(9, "0")} ${filler}`;
}

/** `from` to `to`, each on its line. */
export function numberedLines(from: number, to: number): Buffer {
  let text = "";
  for (let number = from; number <= to; number++) text += `${numberedLine(number)}\n`;
  return Buffer.from(text);
}

const filler = "x".repeat(84);
