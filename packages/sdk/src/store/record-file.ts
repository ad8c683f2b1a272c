import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { decodeRecord, maxRecordBytes, type StoredRecord } from "./record.js";
import { codeOf } from "./store-error.js";

/**
 * Reads a file that a dead instance left and that nobody writes any more. Nothing about it is trusted: it may be
 * torn, huge, a link, a pipe or another user's.
 *
 * @returns the record, what is wrong with the file, or undefined where it is gone
 */
export async function readRecordFile(
  path: string,
): Promise<StoredRecord | { readonly fault: string } | undefined> {
  try {
    const bytes = await readBytes(path);
    return "fault" in bytes ? bytes : decodeRecord(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return undefined;
    if (code === "ELOOP") return { fault: "is a link" };
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return { fault: "is torn or no UTF-8" };
    return { fault: `can't be read: ${(error as Error).message}` };
  }
}

async function readBytes(path: string): Promise<Uint8Array | { readonly fault: string }> {
  // A pipe that nobody writes to would hold up an open that waits.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    const uid = process.getuid?.() ?? found.uid;
    if (!found.isFile()) return { fault: "is no regular file" };
    if (found.uid !== uid) return { fault: `belongs to the user ${found.uid}, not to ${uid}` };
    if (found.size > maxRecordBytes)
      return { fault: `holds ${found.size} bytes, more than the ${maxRecordBytes} of a session record` };
    const bytes = new Uint8Array(found.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
