import { createHash } from "node:crypto";

/** As much of a Linux program as a look at its first bytes needs. */
export function elf(arch: "amd64" | "arm64" | "riscv64" = "amd64"): Buffer {
  const head = Buffer.alloc(64);
  head.write("\x7fELF", 0, "latin1");
  head.set([2, 1, 1], 4);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE({ amd64: 62, arm64: 183, riscv64: 243 }[arch], 18);
  return head;
}

/** The same of macOS. */
export function machO(arch: "amd64" | "arm64"): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(0xfeedfacf, 0);
  head.writeUInt32LE(arch === "arm64" ? 0x0100000c : 0x01000007, 4);
  return head;
}

/** The same of Windows. */
export function pe(arch: "amd64" | "arm64"): Buffer {
  const head = Buffer.alloc(160);
  head.write("MZ", 0, "latin1");
  head.writeUInt32LE(128, 60);
  head.write("PE\0\0", 128, "latin1");
  head.writeUInt16LE(arch === "arm64" ? 0xaa64 : 0x8664, 132);
  return head;
}

export const nodeScript = "#!/usr/bin/env node\nconsole.log(1);\n";

export function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
