import { finished, type Duplex, type Writable } from "node:stream";
import type { Client } from "./accepted.js";
import { cutOff } from "./cut-off.js";
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
export function join(client: Client, upstream: Upstream): Promise<JoinEnd> {
  const { stream } = upstream;
  // A stream that others have made may be set to end both halves at once.
  stream.allowHalfOpen = true;
  return new Promise((resolve) => {
    let open = 2;
    const watch = (own: Duplex, side: "client" | "upstream", cutOther: () => void): void => {
      finished(own, (error) => {
        open -= 1;
        // One that has ended both halves closes by itself, when what it was given has gone its way.
        if (error != null) {
          own.destroy();
          cutOther();
          resolve({ how: "broken", side, error });
        } else if (open === 0) resolve({ how: "closed" });
      });
    };
    watch(client.stream, "client", () => cutOff(stream));
    watch(stream, "upstream", client.cutOff);
    forward({ stream: client.stream }, stream);
    forward(upstream, client.stream);
  });
}

function forward(from: Upstream, to: Writable): void {
  if (from.forwardTo === undefined) from.stream.pipe(to);
  else from.forwardTo(to);
}
