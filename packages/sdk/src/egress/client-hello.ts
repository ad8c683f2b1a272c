/** More than this no client has to say before it names its server. */
export const maxClientHelloBytes = 16 * 1024;

/** What the first bytes of a connection tell. */
export type HelloVerdict =
  | { readonly how: "more" }
  /** A complete ClientHello; without a name where the client gave none. */
  | { readonly how: "hello"; readonly serverName: string | undefined }
  /** No TLS, or a ClientHello that can't be read. */
  | { readonly how: "not-tls" };

const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;

/** Reads a ClientHello, which may come in any number of records, as far as its `server_name`. */
export function readClientHello(bytes: Buffer): HelloVerdict {
  const message = Buffer.allocUnsafe(bytes.length);
  let filled = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== handshakeRecord || (bytes[at + 1] ?? 3) !== 3) return { how: "not-tls" };
    if (bytes.length < at + 5) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > maxClientHelloBytes) return { how: "not-tls" };
    filled += bytes.copy(message, filled, at + 5, at + 5 + length);
    const verdict = readMessage(message.subarray(0, filled));
    // What comes behind a complete hello is the tunnel's.
    if (verdict.how !== "more") return verdict;
    at += 5 + length;
  }
  return { how: "more" };
}

function readMessage(message: Buffer): HelloVerdict {
  if (message.length > 0 && message[0] !== clientHello) return { how: "not-tls" };
  if (message.length < 4) return { how: "more" };
  const length = message.readUIntBE(1, 3);
  if (length > maxClientHelloBytes) return { how: "not-tls" };
  if (message.length < 4 + length) return { how: "more" };
  try {
    return { how: "hello", serverName: serverNameOf(new Reader(message.subarray(4, 4 + length))) };
  } catch {
    return { how: "not-tls" };
  }
}

/** Throws where the message is shorter than it says, or names two servers. */
function serverNameOf(hello: Reader): string | undefined {
  hello.skip(2 + 32);
  hello.block(1);
  hello.block(2);
  hello.block(1);
  if (hello.isAtEnd()) return undefined;
  const extensions = hello.block(2);
  if (!hello.isAtEnd()) throw new Error("bytes after the extensions");
  let name: string | undefined;
  while (!extensions.isAtEnd()) {
    const type = extensions.number(2);
    const body = extensions.block(2);
    if (type !== serverNameExtension) continue;
    if (name !== undefined) throw new Error("two server_name extensions");
    name = onlyName(body);
  }
  return name;
}

function onlyName(extension: Reader): string {
  const list = extension.block(2);
  const type = list.number(1);
  const name = list.block(2).rest.toString("latin1");
  if (type !== 0 || name === "" || !list.isAtEnd() || !extension.isAtEnd()) throw new Error("not one name");
  return name;
}

class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  get rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  number(size: number): number {
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  skip(size: number): void {
    this.#take(size);
  }

  /** A part that begins with its own length, in `size` bytes. */
  block(size: number): Reader {
    return new Reader(this.#take(this.number(size)));
  }

  #take(size: number): Buffer {
    if (this.#at + size > this.#bytes.length) throw new RangeError("too short");
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}
