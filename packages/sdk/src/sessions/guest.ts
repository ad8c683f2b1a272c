import type { Duplex, Readable } from "node:stream";
import type { ImageReference, RegistryCredentials } from "../images/index.js";
import type { StringMap } from "../provider/types.js";

/** A value that survives JSON unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What StartSession asked for, as a backend needs it. */
export interface GuestRequest {
  readonly sessionId: string;
  /** A DNS label of 63 bytes at most, unique for ever and the same on every retry. Name the guest after it. */
  readonly name: string;
  /** Attach them in the call that makes the guest, so that `find` sees it from its first moment. Not secret. */
  readonly labels: StringMap;
  readonly pluginName: string;
  readonly template?: string;
  readonly image?: ImageReference;
  /** Secret: chosen for `image` from the docker config that StartSession brought. Never log or store it. */
  readonly pullCredentials?: RegistryCredentials;
  readonly metadata: StringMap;
  /** Give it to the backend as the guest's own deadline, so that nobody's death leaves it for ever. */
  readonly expiresAt?: Date;
  /** Only with `createAt: "plugin"`. */
  readonly plugin?: PluginRequest;
}

/** A guest that a program can be started in. */
export interface Guest<H extends Json> {
  readonly handle: H;
  /**
   * A directory that host and guest both see; the plugin's listener is put there, and needs no `reach`. Short:
   * DIAL-2 bounds the path.
   */
  readonly shared?: { readonly onHost: string; readonly inGuest: string };
  /** Variables of the guest for the plugin's safe base, such as HOME and TMPDIR (PLUG-2). */
  readonly env?: StringMap;
  /** The end that the backend itself has set; the earlier of this and the runtime's own counts. */
  readonly expiresAt?: Date;
  /** Shown to operators as metadata `<kind>.<key>`; an entry of theirs is never replaced. */
  readonly notes?: StringMap;
  /** Guests on one machine give the same value, so that TCP listeners get ports of their own. */
  readonly machine?: string;
  /** Settles when the guest is gone by itself. A rejection means: ask `inspect`. */
  readonly ended?: Promise<Ended>;
  /** Set by backends without `launch`. */
  readonly plugin?: RunningPlugin;
}

/** Where a plugin is to listen: the value of GESTALT_PLUGIN_SOCKET, taken apart. Paths are the guest's. */
export type GuestListener =
  | { readonly type: "unix"; readonly path: string }
  | { readonly type: "tcp"; readonly host: string; readonly port: number };

/** What is to be started. */
export interface PluginRequest {
  readonly pluginName: string;
  /** As the host gave it (PLUG-1). */
  readonly command: string;
  readonly args: readonly string[];
  /** Complete and final (PLUG-2). Secret: never put it into a command line, a URL, a log or an error. */
  readonly env: StringMap;
  readonly listener: GuestListener;
  readonly egress: EgressPlan;
  /** Takes the program's output. */
  readonly io: PluginIo;
  readonly hostBinary: string;
}

/** What a guest may reach. */
export interface EgressPlan {
  /** False: leave the network open (EGR-5). */
  readonly enforce: boolean;
  readonly allowedHosts: readonly string[];
  /** `"allow"`, `"deny"` or empty. */
  readonly defaultAction: string;
  /** What must stay reachable whatever the policy says (EGR-4): the host's proxy, and the bound relays. */
  readonly endpoints: readonly EgressEndpoint[];
}

export interface EgressEndpoint {
  readonly purpose: "proxy" | "relay";
  readonly host: string;
  readonly port: number;
  /** The host's addresses now, as `10.0.0.1/32` and `fd00::1/128`; empty where the name can't be resolved. */
  readonly cidrs: readonly string[];
}

/** Where a program's output goes. Raw bytes in any pieces; lines, order and limits are the runtime's. */
export interface PluginIo {
  /** Reads a stream to its end; a slow log host slows the reading down as configured. */
  consume(stream: "stdout" | "stderr", output: AsyncIterable<unknown> | Readable): void;
  /** Takes bytes; resolves when there is room for more. */
  write(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<void>;
  /**
   * For output that is fetched: calls `read` again and again, with backoff where it fails, each time from the
   * last cursor that came with bytes, until the plugin has ended and its last lines are read.
   */
  pull(read: PullOutput): void;
}

/** Fetches output from a cursor on; it resolves when the stream ended for now. */
export type PullOutput = (
  cursor: string | undefined,
  sink: { write(stream: "stdout" | "stderr", bytes: Uint8Array, cursor?: string): Promise<void> },
  signal: AbortSignal,
) => Promise<void>;

/** A program that was started. */
export interface RunningPlugin {
  /**
   * Settles when the program has ended, at once (SESS-10). A rejection never means that it ended: the runtime
   * asks `inspect`, and lets `adopt` watch it again. Without this promise, `inspect` is asked now and then.
   */
  readonly ended?: Promise<Ended>;
  /** Left out where the guest has a shared directory, or the backend `exec`. */
  readonly reach?: Reach;
}

/**
 * How the host gets to the plugin's listener.
 *
 * - `"target"`: the host dials it itself. Where the way can be lost, `closed` settles then; the runtime asks
 *   `reopen` for a new one, and keeps the host's target the same.
 * - `"dial"`: the runtime listens and pipes, and calls `dial` once per connection.
 */
export type Reach =
  | {
      readonly via: "target";
      /** A dial target (DIAL-1). */
      readonly target: string;
      readonly closed?: Promise<unknown>;
      reopen?(signal: AbortSignal): Promise<string>;
    }
  | { readonly via: "dial"; dial(signal: AbortSignal): Promise<Duplex> };

/** How a program or a guest ended. */
export type Ended =
  | { readonly how: "exit"; readonly code: number }
  | { readonly how: "signal"; readonly signal: string }
  | { readonly how: "limit"; readonly limit: string; readonly detail: string }
  | { readonly how: "vanished"; readonly detail: string };

/** What a backend knows about a guest. */
export interface GuestFacts {
  readonly guest: "starting" | "up" | "gone" | Ended;
  readonly plugin: "running" | "none" | "unknown" | Ended;
  readonly expiresAt?: Date;
}

/** A guest that `find` came upon. */
export interface FoundGuest<H extends Json> {
  readonly handle: H;
  /** As they were given in `GuestRequest.labels`; others may be among them. */
  readonly labels: StringMap;
  readonly facts?: GuestFacts;
}

export interface ExecOptions {
  /** Default: empty. */
  readonly stdin?: Uint8Array | string | Readable;
  readonly stdout?: (bytes: Uint8Array) => void;
  readonly stderr?: (bytes: Uint8Array) => void;
}
