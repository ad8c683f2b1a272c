import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

export type OutputStream = "stdout" | "stderr";

interface Position {
  readonly piece: number;
  readonly offset: number;
}

/** How far both streams have been read. */
export class OutputCursor {
  #positions: Record<OutputStream, Position>;

  /** @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a text that was no cursor */
  constructor(text?: string) {
    const match = /^(\d+)\.(\d+)-(\d+)\.(\d+)$/.exec(text ?? "1.0-1.0");
    if (match === null)
      throw new RuntimeProviderError(
        "INVALID_ARGUMENT",
        `${JSON.stringify(text)} is no cursor of a launched program's output; leave it out to begin anew`,
      );
    const [outPiece = 1, outOffset = 0, errPiece = 1, errOffset = 0] = match.slice(1).map(Number);
    this.#positions = {
      stdout: { piece: outPiece, offset: outOffset },
      stderr: { piece: errPiece, offset: errOffset },
    };
  }

  set(stream: OutputStream, piece: number, offset: number): void {
    this.#positions[stream] = { piece, offset };
  }

  /** As arguments of the script that reads. */
  get words(): readonly string[] {
    const { stdout, stderr } = this.#positions;
    return [stdout.piece, stdout.offset, stderr.piece, stderr.offset].map(String);
  }

  toString(): string {
    const { stdout, stderr } = this.#positions;
    return `${stdout.piece}.${stdout.offset}-${stderr.piece}.${stderr.offset}`;
  }
}

/** One thing that the script which reads has printed. */
export type OutputEvent =
  | { readonly type: "bytes"; readonly stream: OutputStream; readonly bytes: Buffer; readonly cursor: string }
  | { readonly type: "lost"; readonly stream: OutputStream; readonly cursor: string }
  | { readonly type: "over"; readonly isEnd: boolean };

/** Takes apart what the script prints, in whatever pieces it comes. */
export class OutputParser {
  #line = "";
  #left = 0;
  #at = { stream: "stdout" as OutputStream, piece: 1, offset: 0 };

  constructor(readonly cursor: OutputCursor) {}

  *parse(chunk: Buffer): Generator<OutputEvent> {
    for (let start = 0; start < chunk.length;) {
      if (this.#left > 0) {
        const bytes = chunk.subarray(start, start + this.#left);
        start += bytes.length;
        this.#left -= bytes.length;
        this.#at.offset += bytes.length;
        const { stream, piece, offset } = this.#at;
        this.cursor.set(stream, piece, offset);
        yield { type: "bytes", stream, bytes, cursor: this.cursor.toString() };
        continue;
      }
      const end = chunk.indexOf(0x0a, start);
      this.#line += chunk.subarray(start, end === -1 ? undefined : end).toString("latin1");
      if (end === -1) return;
      start = end + 1;
      const event = this.#event(this.#line);
      this.#line = "";
      if (event !== undefined) yield event;
    }
  }

  #event(line: string): OutputEvent | undefined {
    if (line === "more" || line === "end") return { type: "over", isEnd: line === "end" };
    const head = /^(stdout|stderr) (\d+) (\d+) (\d+)$/.exec(line);
    if (head !== null) {
      this.#at = { stream: head[1] as OutputStream, piece: Number(head[2]), offset: Number(head[3]) };
      this.#left = Number(head[4]);
      return undefined;
    }
    const lost = /^lost (stdout|stderr) (\d+)$/.exec(line);
    if (lost === null)
      throw new RuntimeProviderError(
        "INTERNAL",
        `reading output in the guest printed ${JSON.stringify(line)}`,
      );
    const stream = lost[1] as OutputStream;
    this.cursor.set(stream, Number(lost[2]), 0);
    return { type: "lost", stream, cursor: this.cursor.toString() };
  }
}
