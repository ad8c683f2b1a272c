import { Socket } from "node:net";
import { finished, type Duplex, type Writable } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Upstream } from "./upstream.js";

/** How a joined pair ended: both sides closed in order, or one broke off and took the other with it. */
export type JoinEnd =
  | { readonly how: "closed" }
  | { readonly how: "broken"; readonly side: "client" | "upstream"; readonly error: Error };

/**
 * Sends what each side says to the other, until both have ended. A side that ends its half goes on receiving; one
 * that is slow slows the other down; one that breaks off breaks the other off too, by a reset where the transport
 * has one, so that a torn stream is never taken for a complete one.
 */
export function join(client: Duplex, upstream: Upstream): Promise<JoinEnd> {
  const { stream } = upstream;
  // Set late enough for streams that others have made, and early enough for their end.
  client.allowHalfOpen = true;
  stream.allowHalfOpen = true;
  return new Promise((resolve) => {
    let open = 2;
    const watch = (own: Duplex, side: "client" | "upstream", other: Duplex): void => {
      finished(own, (error) => {
        own.destroy();
        open -= 1;
        if (error != null) {
          cutOff(other);
          resolve({ how: "broken", side, error });
        } else if (open === 0) resolve({ how: "closed" });
      });
    };
    watch(client, "client", stream);
    watch(stream, "upstream", client);
    forward({ stream: client }, stream);
    forward(upstream, client);
  });
}

/** Ends a stream so that its peer can tell it from an orderly end, where the transport allows that. */
export function cutOff(stream: Duplex): void {
  // A reset is TCP's. A Unix socket has none; TLS says the same by leaving out its closing message.
  if (stream instanceof Socket && !(stream instanceof TLSSocket) && stream.remoteFamily !== undefined)
    stream.resetAndDestroy();
  else stream.destroy();
}

function forward(from: Upstream, to: Writable): void {
  if (from.forwardTo === undefined) from.stream.pipe(to);
  else from.forwardTo(to);
}
