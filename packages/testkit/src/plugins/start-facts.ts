import { readFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import type { FixtureOperations } from "./operations.js";

type Results = { [K in keyof FixtureOperations]: FixtureOperations[K]["result"] };

/** The arguments, as text and byte for byte: Node.js decodes them as UTF-8 and loses what is none. */
export function argumentFacts(): Results["args"] {
  const args = process.argv.slice(2);
  const all = nulSeparated("/proc/self/cmdline");
  // Node.js and its own options stand before ours.
  const own = args.length === 0 ? [] : all.slice(-args.length);
  return { args, base64: own.map((bytes) => bytes.toString("base64")) };
}

/** The environment as it was given at the start, byte for byte. */
export function environmentFacts(only?: string): Results["env"] {
  const env = new Map<string, Buffer>();
  const repeated: string[] = [];
  for (const entry of nulSeparated("/proc/self/environ")) {
    const equals = entry.indexOf("=");
    const name = entry.subarray(0, equals === -1 ? entry.length : equals).toString();
    if (only !== undefined && name !== only) continue;
    if (env.has(name)) repeated.push(name);
    env.set(name, equals === -1 ? Buffer.alloc(0) : entry.subarray(equals + 1));
  }
  const as = (encoding: BufferEncoding): Record<string, string> =>
    Object.fromEntries([...env].map(([name, value]) => [name, value.toString(encoding)]));
  return { env: as("utf8"), base64: as("base64"), repeated };
}

export function identityFacts(): Results["identity"] {
  return {
    cwd: process.cwd(),
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
    home: process.env.HOME ?? "",
    tmpdir: tmpdir(),
    hostname: hostname(),
    node: process.version,
  };
}

function nulSeparated(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const parts: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return parts;
}
