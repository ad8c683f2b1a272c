import { createHash } from "node:crypto";

/*
 * What a store's directory holds for an instance 0123456789abcdef0123:
 *
 *   sessions-0123456789abcdef0123.owner        its lock; taken before its folder is made, removed after it
 *   sessions-0123456789abcdef0123/             its folder
 *   sessions-0123456789abcdef0123/<key>.json   a session
 *   sessions-0123456789abcdef0123/~<key>.json  a session that is being written
 *
 * Other names are not the store's, and left alone.
 */

const instancePattern = /^[0-9a-f]{20}$/;
const entryPattern = /^sessions-([0-9a-f]{20})(\.owner)?$/;
const filePattern = /^(?:[a-z0-9_-]{1,100}|=[0-9a-f]{64})\.json$/;
const plainId = /^[a-z0-9_-]{1,100}$/;

/** The digits of an instance's id; it is part of paths of sockets, which are short. */
export const instanceDigits = 20;

export function isInstance(text: string): boolean {
  return instancePattern.test(text);
}

export function folderName(instance: string): string {
  return `sessions-${instance}`;
}

export function lockName(instance: string): string {
  return `sessions-${instance}.owner`;
}

/** The instance that a folder or lock belongs to. */
export function instanceOf(entryName: string): string | undefined {
  return entryPattern.exec(entryName)?.[1];
}

/**
 * The name of a session's file. Ids are opaque: one that has letters that mean something to a path, or that some
 * file system takes for another's, is named by its hash.
 */
export function recordFileName(sessionId: string): string {
  const isPlain = plainId.test(sessionId);
  return `${isPlain ? sessionId : `=${createHash("sha256").update(sessionId).digest("hex")}`}.json`;
}

export function isRecordFile(fileName: string): boolean {
  return filePattern.test(fileName);
}

/** What a session's file is called until it is complete. */
export function unfinishedName(fileName: string): string {
  return `~${fileName}`;
}

/** Whether a file was being written: not a session yet, and never one again once its writer is dead. */
export function isUnfinished(fileName: string): boolean {
  return fileName.startsWith("~") && isRecordFile(fileName.slice(1));
}
