import type { JsonValue } from "@bufbuild/protobuf";
import type { ErrorCode } from "@gestalt-runtime/sdk";
import { hostLimits } from "./times.js";

/** One call that the host made, from its own side. */
export interface HostCall {
  /** `provider` for a runtime provider's services, `plugin` for a hosted plugin's. */
  readonly to: "provider" | "plugin";
  /** The name of the provider or of the plugin. */
  readonly name: string;
  /** Which of the host's processes of that provider; 0 for a plugin, which the host did not spawn. */
  readonly instance: number;
  /** Service and method, such as `PluginRuntimeProvider/StartSession`. */
  readonly method: string;
  /** The request as protobuf JSON; defaults are left out. */
  readonly request: JsonValue;
  /** The `:authority` that the call carried (DIAL-4). */
  readonly authority: string;
  /** The deadline that the call carried; absent: none. */
  readonly deadlineMs?: number;
  /** Milliseconds since the trace began. */
  readonly startedAtMs: number;
  /** Absent while the call is in flight. */
  readonly durationMs?: number;
  /** Absent while the call is in flight. */
  readonly outcome?:
    | { readonly code: "OK"; readonly response: JsonValue }
    | { readonly code: ErrorCode; readonly message: string };
}

/** Something that happened to the host, other than a call of its own. */
export type HostEvent =
  | {
      readonly type: "spawned";
      /** Of the provider, as the host sees it. */
      readonly pid: number;
      /** The program and its arguments. */
      readonly command: readonly string[];
    }
  | {
      readonly type: "attached";
      /** Where a provider serves that somebody else started. */
      readonly socketPath: string;
    }
  | {
      readonly type: "detached";
      /** Where the provider served that the host has let go of. */
      readonly socketPath: string;
    }
  | { readonly type: "ready" }
  | {
      readonly type: "warning";
      /** What the real host would not take, or takes otherwise. */
      readonly message: string;
    }
  | {
      readonly type: "signal";
      /** What the host sent. */
      readonly signal: NodeJS.Signals;
    }
  | {
      readonly type: "exited";
      /** Null where a signal ended it. */
      readonly code: number | null;
      /** Null where it exited. */
      readonly signal: NodeJS.Signals | null;
    }
  | {
      readonly type: "log-appended";
      /** The session whose log it is. */
      readonly sessionId: string;
      /** The number of the session's last record now. */
      readonly lastSeq: number;
      /** What came in this call. */
      readonly messages: readonly string[];
    }
  | {
      readonly type: "log-refused";
      /** The session as the provider named it. */
      readonly sessionId: string;
      /** What the provider was told. */
      readonly error: string;
      /** What came in this call. */
      readonly messages: readonly string[];
    }
  | {
      readonly type: "host-service";
      /** The variable under which the service was bound. */
      readonly envVar: string;
      /** Service and method, such as `Cache/Get`. */
      readonly method: string;
      /** What was answered. */
      readonly code: "OK" | ErrorCode;
    }
  | {
      readonly type: "relayed-call";
      /** The variable that the token is good for; empty for a call that was refused. */
      readonly envVar: string;
      /** Service and method, such as `Cache/Get`. */
      readonly method: string;
      /** What was answered: by the service, or by the relay where it refused. */
      readonly code: "OK" | ErrorCode;
    }
  | {
      readonly type: "egress-request";
      /** `CONNECT` or the method of a request with an absolute URI. */
      readonly method: string;
      /** What was asked for, as the client wrote it. */
      readonly target: string;
      /** What the public proxy answered. */
      readonly status: number;
    }
  | {
      readonly type: "plugin-hosted";
      /** Its name in the operator's config. */
      readonly plugin: string;
      /** The session that it runs in. */
      readonly sessionId: string;
    }
  | {
      readonly type: "plugin-skipped";
      /** Its name in the operator's config. */
      readonly plugin: string;
      /** Why, as the host's log says it. */
      readonly message: string;
    }
  | {
      readonly type: "agent-ready";
      /** Its name in the operator's config. */
      readonly agent: string;
      /** The session of this instance. */
      readonly sessionId: string;
    }
  | {
      readonly type: "agent-draining";
      /** Its name in the operator's config. */
      readonly agent: string;
      /** The session of the instance that gets no more work. */
      readonly sessionId: string;
      /** Why it is given up. */
      readonly why: string;
    }
  | {
      readonly type: "agent-stopped";
      /** Its name in the operator's config. */
      readonly agent: string;
      /** The session that was stopped. */
      readonly sessionId: string;
    }
  | {
      readonly type: "agent-start-failed";
      /** Its name in the operator's config. */
      readonly agent: string;
      /** Why no instance could be started in another's place; the next look tries again. */
      readonly message: string;
    }
  | {
      readonly type: "plugin-stopped";
      /** Its name in the operator's config. */
      readonly plugin: string;
    };

/** An event with its time and what it belongs to: a provider's instance, or a plugin (instance 0). */
export type HostEventRecord = HostEvent & {
  /** The provider or plugin that it happened to; `public` for a refused request at the public listener. */
  readonly name: string;
  /** Which of the host's processes of that provider; 0 for a plugin. */
  readonly instance: number;
  /** Milliseconds since the trace began. */
  readonly atMs: number;
};

/** Who is told, and how much is kept. */
export interface HostTraceOptions {
  /** Called when a call has ended. What it throws is the caller's to catch: it ends the test. */
  readonly onCall?: (call: HostCall) => void;
  /** Called for every event; what it throws is the caller's to catch. */
  readonly onEvent?: (event: HostEventRecord) => void;
  /** Calls and events each kept, the newest. Default 20,000. */
  readonly maxRecords?: number;
}

/** All that the host asked and saw, in order. One trace serves a whole host; it is bounded. */
export class HostTrace {
  readonly #startedAt = performance.now();
  readonly #calls: HostCall[] = [];
  readonly #events: HostEventRecord[] = [];
  readonly #onCall = new Set<(call: HostCall) => void>();
  readonly #onEvent = new Set<(event: HostEventRecord) => void>();
  readonly #maxRecords: number;
  #instances = 0;

  constructor(options: HostTraceOptions = {}) {
    this.#maxRecords = options.maxRecords ?? hostLimits.traceRecords;
    if (options.onCall !== undefined) this.#onCall.add(options.onCall);
    if (options.onEvent !== undefined) this.#onEvent.add(options.onEvent);
  }

  /** The host's calls in the order in which they began, those in flight included. */
  get calls(): readonly HostCall[] {
    return this.#calls;
  }

  /** What happened, in order. */
  get events(): readonly HostEventRecord[] {
    return this.#events;
  }

  /** Milliseconds since the trace began, the clock of its calls and events. */
  get nowMs(): number {
    return this.#now();
  }

  /** Tells of every call that ends from now on, until the returned function is called. */
  onCall(listener: (call: HostCall) => void): () => void {
    this.#onCall.add(listener);
    return () => this.#onCall.delete(listener);
  }

  /** Tells of every event from now on, until the returned function is called. */
  onEvent(listener: (event: HostEventRecord) => void): () => void {
    this.#onEvent.add(listener);
    return () => this.#onEvent.delete(listener);
  }

  /** Numbers the provider processes of one host, from 1. */
  nextInstance(): number {
    this.#instances += 1;
    return this.#instances;
  }

  /** Notes the beginning of a call; the returned function notes its end. */
  begin(
    call: Omit<HostCall, "startedAtMs" | "durationMs" | "outcome">,
  ): (outcome: NonNullable<HostCall["outcome"]>) => void {
    const record: { -readonly [K in keyof HostCall]: HostCall[K] } = { ...call, startedAtMs: this.#now() };
    push(this.#calls, record, this.#maxRecords);
    return (outcome) => {
      record.durationMs = this.#now() - record.startedAtMs;
      record.outcome = outcome;
      for (const listener of this.#onCall) listener(record);
    };
  }

  /** Notes an event. */
  note(name: string, instance: number, event: HostEvent): void {
    const record: HostEventRecord = { ...event, name, instance, atMs: this.#now() };
    push(this.#events, record, this.#maxRecords);
    for (const listener of this.#onEvent) listener(record);
  }

  #now(): number {
    return performance.now() - this.#startedAt;
  }
}

function push<T>(records: T[], record: T, max: number): void {
  records.push(record);
  // In blocks, so that a long run does not shift the whole list at every call.
  if (records.length > max * 1.1) records.splice(0, records.length - max);
}
