import { gzipSync } from "node:zlib";

/** One entry, with any name and type: also those that no honest tool writes. */
export interface TarEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  /** Default 0644. */
  readonly mode?: number;
  /** The header's type flag: 0 a file, 1 a hard link, 2 a symbolic link, 5 a directory, 6 a FIFO. Default 0. */
  readonly type?: "0" | "1" | "2" | "5" | "6";
  readonly target?: string;
}

export function tarGz(entries: readonly TarEntry[]): Buffer {
  return gzipSync(tar(entries));
}

export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocks), Buffer.alloc(1024)]);
}

function blocks({ name, content = "", mode = 0o644, type = "0", target = "" }: TarEntry): Buffer[] {
  const body = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write(octal(mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(body.length, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(type, 156);
  header.write(target, 157, 100);
  header.write("ustar\u000000", 257, "latin1");
  // Counted with blanks in its own place.
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
