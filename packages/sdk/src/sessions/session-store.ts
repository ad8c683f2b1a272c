import type { SessionState, StringMap } from "../provider/types.js";
import type { Json } from "./guest.js";

/** What is written down of a session. Nothing in it is secret. */
export interface SessionRecord {
  readonly version: 1;
  /** The session's id. */
  readonly id: string;
  /** `GuestRequest.name`. */
  readonly name: string;
  /** The plugin that the session is for. */
  readonly pluginName: string;
  /** As StartSession brought it (SESS-2). */
  readonly metadata: StringMap;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Milliseconds since 1970. */
  readonly expiresAtMs?: number;
  /**
   * What is being done, written before it is: `"create"`: a guest may exist; `"keep"`: it does, see `handle`;
   * `"destroy"`: it is to go.
   */
  readonly intent: "create" | "keep" | "destroy";
  /** As the host saw it last. */
  readonly state: SessionState;
  /** One word, where the session is `stopped` or `failed`. */
  readonly stateReason?: string;
  /** A sentence, where the session is `stopped` or `failed`; secrets are taken out of it. */
  readonly stateMessage?: string;
  /** The backend's handle on the guest, once there is one. */
  readonly handle?: Json;
  /** `Guest.notes`. */
  readonly notes?: StringMap;
}

/** Keeps sessions of this provider, so that a later process can find or remove their guests (REC). */
export interface SessionStore {
  /** Begins an instance: what it saves is its own until it is closed or dies. */
  open(context: SessionStoreContext): Promise<OpenSessionStore>;
}

/** What a store is told when an instance begins. */
export interface SessionStoreContext {
  /** The name that the operator gave the provider. */
  readonly providerName: string;
  /** Told about what can't be read; it is left where it is. */
  warn(fields: Record<string, unknown>, text: string): void;
}

/** One instance's part of a store. Several may be open at once, in several processes (PROC-9). */
export interface OpenSessionStore {
  /** Never used again; part of the labels of this instance's guests. */
  readonly instance: string;
  /** Writes a session down; resolves when it would survive a crash. The last one saved counts. */
  save(record: SessionRecord): Promise<void>;
  /** Forgets a session; one that is not there is forgotten already. */
  remove(sessionId: string): Promise<void>;
  /**
   * Makes the sessions of instances that are proven dead this instance's own, and gives them. Of several
   * instances that ask at once, one gets each session (REC-2). Sessions of living instances are not touched.
   */
  takeLeftovers(): Promise<SessionRecord[]>;
  /** Whether an instance lives; `"unknown"` where that can't be proven, for example of another machine. */
  ownerOf(instance: string): Promise<"alive" | "dead" | "unknown">;
  /**
   * Whether any instance has the session written down: its maker, or one that took it over. With a maker that is
   * dead, a guest of which nobody holds a record is an orphan.
   */
  holds(sessionId: string): Promise<boolean>;
  /** Waits for what is being saved, and lets go: what is still written down is a leftover from now on. */
  close(): Promise<void>;
}
