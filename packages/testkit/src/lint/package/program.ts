import type { Platform } from "../platform.js";

/** What a program is, by its first bytes. */
export type Program =
  /** A program of the machine itself; the platform is undefined where it is one that the host does not know. */
  | { readonly type: "executable"; readonly platform: Platform | undefined }
  /** Started by another program, which its first line names. */
  | { readonly type: "script"; readonly interpreter: string }
  /** Nothing that a kernel can start. */
  | { readonly type: "other" };

export function programOf(head: Buffer): Program {
  if (head.subarray(0, 2).toString("latin1") === "#!") {
    const line = head.subarray(2).toString("utf8").split("\n")[0] ?? "";
    return { type: "script", interpreter: line.replace(/\r$/, "").trim() };
  }
  if (head.subarray(0, 4).equals(elfMagic))
    return executable("linux", head.length > 19 ? elfMachine(head) : undefined);
  if (head.length > 8 && head.readUInt32LE(0) === machOMagic)
    return executable("darwin", machOProcessors[head.readUInt32LE(4)]);
  if (head.subarray(0, 2).toString("latin1") === "MZ") return executable("windows", peMachine(head));
  return { type: "other" };
}

const elfMagic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const machOMagic = 0xfeedfacf;
const elfMachines: Readonly<Record<number, Platform["arch"]>> = { 62: "amd64", 183: "arm64" };
const machOProcessors: Readonly<Record<number, Platform["arch"]>> = {
  0x01000007: "amd64",
  0x0100000c: "arm64",
};
const peMachines: Readonly<Record<number, Platform["arch"]>> = { 0x8664: "amd64", 0xaa64: "arm64" };

function elfMachine(head: Buffer): Platform["arch"] | undefined {
  const isBigEndian = head[5] === 2;
  return elfMachines[isBigEndian ? head.readUInt16BE(18) : head.readUInt16LE(18)];
}

function peMachine(head: Buffer): Platform["arch"] | undefined {
  if (head.length < 64) return undefined;
  const at = head.readUInt32LE(60);
  return at + 6 <= head.length ? peMachines[head.readUInt16LE(at + 4)] : undefined;
}

function executable(os: Platform["os"], arch: Platform["arch"] | undefined): Program {
  return { type: "executable", platform: arch === undefined ? undefined : { os, arch } };
}
