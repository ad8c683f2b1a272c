import { writeSync } from "node:fs";

/** A plugin that writes so many lines of 100 bytes as fast as they are read. */
const count = Number(process.argv[2]);
const block = Buffer.from(`${"x".repeat(99)}\n`.repeat(500));
for (let written = 0; written < count; written += 500)
  for (let at = 0; at < block.length;) at += writeSync(1, block, at);
