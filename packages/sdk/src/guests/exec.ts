import type { Duplex, Readable } from "node:stream";
import type { Ended } from "../sessions/guest.js";

/**
 * Runs a program in a guest and resolves when it has ended. `argv` reaches it as it is, without a shell in between;
 * its environment is whatever the guest gives.
 *
 * It should end the program, or at least its stdin, when `signal` aborts; whoever calls it goes on without it in
 * any case. `SessionBackend.exec` with its handle filled in is one.
 */
export type GuestExec = (argv: readonly string[], options: GuestExecOptions) => Promise<Ended>;

/** The streams of a program in a guest, and when it is no longer wanted. */
export interface GuestExecOptions {
  /** Default: empty. */
  readonly stdin?: Uint8Array | string | Readable;
  /** Called with what it writes. Default: thrown away. */
  readonly stdout?: (bytes: Uint8Array) => void;
  /** As `stdout`. */
  readonly stderr?: (bytes: Uint8Array) => void;
  /** Aborts when nobody waits for the program any more. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a program in a guest and brings its stdin and stdout as one stream: writing to it is stdin, ending it ends
 * stdin alone, and its own end is the end of stdout, also of a program that goes on reading. Destroying it
 * before both have ended ends the program; after that it ends by itself. Where it is known in time that the program
 * has failed, the stream is destroyed with an error.
 */
export type GuestExecStream = (
  argv: readonly string[],
  options: { readonly signal: AbortSignal },
) => Promise<Duplex>;
