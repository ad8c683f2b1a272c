import type { FileHandle } from "node:fs/promises";

/** What the header of a Linux binary says about where it can run. */
export interface ElfHeader {
  /** The processor's number in the ELF tables. */
  readonly machine: number;
  /** The loader that the kernel starts it with; undefined in a static binary. */
  readonly loader: string | undefined;
}

const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const kinds = { executable: 2, sharedObject: 3 };
const loaderSegment = 3;
const maxProgramHeaders = 256;
const maxPathBytes = 4_096;

export function isElf(start: Buffer): boolean {
  return start.subarray(0, magic.length).equals(magic);
}

/** Reads the header; undefined when the file is cut short or no program (an object file, a core). */
export async function readElfHeader(file: FileHandle): Promise<ElfHeader | undefined> {
  const head = await readAt(file, 0, 64);
  if (head.length < 52) return undefined;
  const wide = head[4] === 2;
  if (wide && head.length < 64) return undefined;
  const reader = new Reader(head, head[5] === 2);
  const kind = reader.half(16);
  if (kind !== kinds.executable && kind !== kinds.sharedObject) return undefined;
  const tableAt = wide ? reader.wide(32) : reader.word(28);
  const entryBytes = reader.half(wide ? 54 : 42);
  const entries = Math.min(reader.half(wide ? 56 : 44), maxProgramHeaders);
  const machine = reader.half(18);
  const table = await readAt(file, tableAt, entryBytes * entries);
  if (entries === 0 || table.length < entryBytes * entries) return undefined;
  for (let at = 0; at + 40 <= table.length; at += entryBytes) {
    const segment = new Reader(table.subarray(at), reader.bigEndian);
    if (segment.word(0) !== loaderSegment) continue;
    const offset = wide ? segment.wide(8) : segment.word(4);
    const size = wide ? segment.wide(32) : segment.word(16);
    const name = await readAt(file, offset, Math.min(size, maxPathBytes));
    return { machine, loader: name.toString("latin1").split("\0")[0] };
  }
  return { machine, loader: undefined };
}

class Reader {
  constructor(
    readonly bytes: Buffer,
    readonly bigEndian: boolean,
  ) {}

  half(at: number): number {
    return this.bigEndian ? this.bytes.readUInt16BE(at) : this.bytes.readUInt16LE(at);
  }

  word(at: number): number {
    return this.bigEndian ? this.bytes.readUInt32BE(at) : this.bytes.readUInt32LE(at);
  }

  wide(at: number): number {
    return Number(this.bigEndian ? this.bytes.readBigUInt64BE(at) : this.bytes.readBigUInt64LE(at));
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, Number.isSafeInteger(position) ? position : 0);
  return buffer.subarray(0, bytesRead);
}
