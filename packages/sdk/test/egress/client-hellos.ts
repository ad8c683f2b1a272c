import { Duplex } from "node:stream";
import { connect } from "node:tls";

/** What this Node.js sends first, as a real TLS client. */
export function realHello(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const stream = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        parts.push(bytes);
        done();
        // All of it is written in one go.
        setImmediate(() => {
          stream.destroy();
          resolve(Buffer.concat(parts));
        });
      },
    });
    connect({ socket: stream, ...options }).on("error", () => undefined);
  });
}

/** An extension of a ClientHello. */
export function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([number(type, 2), block(body, 2)]);
}

/** The `server_name` extension. */
export function serverName(...names: string[]): Buffer {
  const list = names.map((name) => Buffer.concat([number(0, 1), block(Buffer.from(name, "latin1"), 2)]));
  return extension(0, block(Buffer.concat(list), 2));
}

/** The handshake message, without records. */
export function helloMessage(...extensions: Buffer[]): Buffer {
  const body = Buffer.concat([
    number(0x0303, 2),
    Buffer.alloc(32, 7),
    block(Buffer.alloc(32, 8), 1),
    block(Buffer.from([0x13, 0x01, 0x13, 0x02]), 2),
    block(Buffer.from([0]), 1),
    block(Buffer.concat(extensions), 2),
  ]);
  return Buffer.concat([number(1, 1), block(body, 3)]);
}

/** A message in records of at most `size` bytes. */
export function records(message: Buffer, size = 16_384, type = 22): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size)
    parts.push(
      Buffer.concat([number(type, 1), number(0x0301, 2), block(message.subarray(at, at + size), 2)]),
    );
  return Buffer.concat(parts);
}

export function hello(...extensions: Buffer[]): Buffer {
  return records(helloMessage(...extensions));
}

function number(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}

function block(bytes: Buffer, size: number): Buffer {
  return Buffer.concat([number(bytes.length, size), bytes]);
}
