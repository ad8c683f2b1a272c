import type { Duplex, Readable } from "node:stream";
import type { ImageReference, RegistryCredentials } from "../images/index.js";
import type { StringMap } from "../provider/types.js";

/** A value that survives JSON unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What StartSession asked for, as a backend needs it. */
export interface GuestRequest {
  /** Also in `labels`; unique for ever (SESS-1). */
  readonly sessionId: string;
  /** A DNS label of 63 bytes at most, unique for ever and the same on every retry. Name the guest after it. */
  readonly name: string;
  /** Attach them in the call that makes the guest, so that `find` sees it from its first moment. Not secret. */
  readonly labels: StringMap;
  /** The plugin that the session is for. */
  readonly pluginName: string;
  /** The operator's template, where set and `traits.accepts` has it (SESS-3). */
  readonly template?: string;
  /** The operator's image, where set and `traits.accepts` has it; parsed, its digest kept (SESS-3). */
  readonly image?: ImageReference;
  /** Secret: chosen for `image` from the docker config that StartSession brought. Never log or store it. */
  readonly pullCredentials?: RegistryCredentials;
  /** The operator's entries and the host's; they are in `labels` already. */
  readonly metadata: StringMap;
  /** Give it to the backend as the guest's own deadline, so that nobody's death leaves it for ever. */
  readonly expiresAt?: Date;
  /** Only with `createAt: "plugin"`. */
  readonly plugin?: PluginRequest;
}

/** A guest that a program can be started in. */
export interface Guest<H extends Json> {
  /** How the backend, also of a later process, finds this guest again. */
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
  | {
      readonly type: "unix";
      /** Absolute; short enough for a socket (DIAL-2). The plugin makes it. */
      readonly path: string;
    }
  | {
      readonly type: "tcp";
      /** The address to listen on, as `traits.listener` has it. */
      readonly host: string;
      /** Free on `Guest.machine`, as far as this runtime knows. */
      readonly port: number;
    };

/** What is to be started. */
export interface PluginRequest {
  /** The plugin's name; `env` has it too. */
  readonly pluginName: string;
  /** As the host gave it (PLUG-1). */
  readonly command: string;
  /** In this order, empty ones too (PLUG-1). */
  readonly args: readonly string[];
  /** Complete and final (PLUG-2). Secret: never put it into a command line, a URL, a log or an error. */
  readonly env: StringMap;
  /** Where the plugin is going to listen; `env` has it too. */
  readonly listener: GuestListener;
  /** What the program may reach; `restrict` had it before. */
  readonly egress: EgressPlan;
  /** Takes the program's output. */
  readonly io: PluginIo;
  /** Path of the host's sandbox helper; empty on every host seen (PLUG-8). */
  readonly hostBinary: string;
}

/** What a guest may reach. */
export interface EgressPlan {
  /** False: leave the network open (EGR-5). */
  readonly enforce: boolean;
  /** Exact names and `*.suffix` patterns (EGR-1); empty: `defaultAction` says all. */
  readonly allowedHosts: readonly string[];
  /** `"allow"`, `"deny"` or empty. */
  readonly defaultAction: string;
  /** What must stay reachable whatever the policy says (EGR-4): the host's proxy, and the bound relays. */
  readonly endpoints: readonly EgressEndpoint[];
}

/** An address that stays reachable whatever the policy says (EGR-4). */
export interface EgressEndpoint {
  /** The host's egress proxy, or the relay of a bound host service. */
  readonly purpose: "proxy" | "relay";
  /** A name, or an address. */
  readonly host: string;
  /** 1 to 65535. */
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
      /**
       * A dial target of this machine that leads to the listener itself, where `target` is something in front of it: the
       * plugin is ready when it answers here, and an error says what was seen here (PLUG-6). Default: `target`.
       */
      readonly probe?: string;
      /** Settles, either way, when the way is lost. Default: it never is. */
      readonly closed?: Promise<unknown>;
      /** Makes another way and gives its dial target; repeated with backoff where it fails. */
      reopen?(signal: AbortSignal): Promise<string>;
    }
  | {
      readonly via: "dial";
      /** Opens one connection to the plugin's listener. */
      dial(signal: AbortSignal): Promise<Duplex>;
    };

/** How a program or a guest ended. */
export type Ended =
  | {
      readonly how: "exit";
      /** 0 makes the session `stopped`, any other `failed` (SESS-10). */
      readonly code: number;
    }
  | {
      readonly how: "signal";
      /** Its name, such as `SIGKILL`. */
      readonly signal: string;
    }
  | {
      readonly how: "limit";
      /** One word, such as `memory`: the session fails with the reason `memory-limit`. */
      readonly limit: string;
      /** A sentence's end for the operator: what the limit is. */
      readonly detail: string;
    }
  | {
      readonly how: "vanished";
      /** A sentence's end for the operator: what is not there any more. */
      readonly detail: string;
    };

/** What a backend knows about a guest. */
export interface GuestFacts {
  /** The guest itself; an `Ended` where it is known how it ended. */
  readonly guest: "starting" | "up" | "gone" | Ended;
  /** The program that `launch` started. `"unknown"` changes nothing; `"none"` after it ran means that it vanished. */
  readonly plugin: "running" | "none" | "unknown" | Ended;
  /** The guest's end, where the backend knows one; an earlier one than before counts. */
  readonly expiresAt?: Date;
}

/** A guest that `find` came upon. */
export interface FoundGuest<H extends Json> {
  /** As `create` gave it, as far as a listing tells. */
  readonly handle: H;
  /** As they were given in `GuestRequest.labels`; others may be among them. */
  readonly labels: StringMap;
  /** What the listing tells about it; peers' sessions show no more than that. */
  readonly facts?: GuestFacts;
}

/** The streams of a helper program. */
export interface ExecOptions {
  /** Default: empty. */
  readonly stdin?: Uint8Array | string | Readable;
  /** Called with what it writes. Default: thrown away. */
  readonly stdout?: (bytes: Uint8Array) => void;
  /** As `stdout`. */
  readonly stderr?: (bytes: Uint8Array) => void;
}
