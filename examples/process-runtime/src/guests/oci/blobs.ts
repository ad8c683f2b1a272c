import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import type { Descriptor } from "./descriptor.js";
import { ImageError } from "./image-error.js";

/** Manifests, indexes and configurations are a few KiB; what is larger is none. */
const maxJsonBytes = 4 * 1024 * 1024;

/** The blobs of an image layout, each checked against the digest that it goes by. */
export class Blobs {
  constructor(private readonly layout: string) {}

  /** A JSON document. @throws {@link ImageError} where it is missing, not what its digest says, or no JSON */
  async json({ digest, size }: Pick<Descriptor, "digest"> & { size?: number }): Promise<unknown> {
    const path = this.#pathOf(digest);
    const bytes = await readSmallFile(path);
    if (size !== undefined && bytes.length !== size)
      throw new ImageError(`${path} has ${bytes.length} bytes and was to have ${size}: copy the image again`);
    assertDigest(path, digest, createHash(algorithmOf(digest)).update(bytes).digest("hex"));
    return parseJson(bytes, path);
  }

  /** The bytes of a blob as two streams to be joined: the file, and what fails at its end where it was another's. */
  open({ digest, size }: Descriptor): readonly [file: NodeJS.ReadableStream, check: Transform] {
    const path = this.#pathOf(digest);
    return [createReadStream(path, { highWaterMark: 256 * 1024 }), checking(path, digest, size)];
  }

  #pathOf(digest: string): string {
    return join(this.layout, "blobs", ...digest.split(":"));
  }
}

/** Passes bytes on, and fails at their end unless digest and, where given, size are right. */
export function checking(what: string, digest: string, size?: number): Transform {
  const hash = createHash(algorithmOf(digest));
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (size !== undefined && seen > size) {
        done(
          new ImageError(`${what} has more than the ${size} bytes that it was to have: copy the image again`),
        );
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      try {
        assertDigest(what, digest, hash.digest("hex"));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

/** Reads a file of a few KiB. @throws {@link ImageError} where it is missing or far larger */
export async function readSmallFile(path: string): Promise<Buffer> {
  const file = await open(path, "r").catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ImageError(`${path} can't be read (${code ?? message}): copy the image again`, { cause });
  });
  try {
    const { size } = await file.stat();
    if (size > maxJsonBytes) throw new ImageError(`${path} has ${size} bytes, which no manifest has`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

export function parseJson(bytes: Buffer, path: string): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new ImageError(`${path} is no JSON: copy the image again`, { cause });
  }
}

function assertDigest(what: string, digest: string, hex: string): void {
  const found = `${algorithmOf(digest)}:${hex}`;
  if (found === digest) return;
  throw new ImageError(`${what} was to have the digest ${digest} and has ${found}: copy the image again`);
}

function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(":"));
}
