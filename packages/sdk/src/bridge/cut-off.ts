import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** Ends a stream so that its peer can tell it from an orderly end: by a reset, which TCP alone has. */
export function cutOff(stream: Duplex): void {
  const isTcp = stream instanceof Socket && !(stream instanceof TLSSocket) && stream.remotePort !== undefined;
  if (isTcp) stream.resetAndDestroy();
  else stream.destroy();
}
