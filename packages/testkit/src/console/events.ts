import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { AdminProvider, HostCall, HostFailure, LogStreamName } from "../host/index.js";

/** One operation of a plugin, as its catalog tells it. */
export interface OperationFact {
  readonly id: string;
  readonly description: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly type: string;
    readonly required: boolean;
    readonly description: string;
  }[];
}

/** One session as the provider lists it. */
export interface SessionFact {
  readonly id: string;
  readonly state: string;
  /** The plugin that it was made for; absent for a session that this console did not ask for. */
  readonly plugin?: string;
  readonly stateReason?: string;
  readonly stateMessage?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly startedAt?: string;
  readonly recommendedDrainAt?: string;
  readonly expiresAt?: string;
}

export interface LogFact {
  readonly plugin: string;
  readonly sessionId: string;
  readonly seq: number;
  readonly stream: LogStreamName;
  readonly message: string;
  readonly observedAt?: string;
}

/** All that the console tells: one JSON line each with `--json`, words for people otherwise. */
export type ConsoleEvent =
  | {
      readonly event: "waiting";
      readonly socket: string;
      readonly environment: Readonly<Record<string, string>>;
    }
  | {
      readonly event: "provider-started";
      readonly provider: string;
      readonly pid: number;
      readonly command: readonly string[];
    }
  | { readonly event: "provider-detached"; readonly provider: string }
  | { readonly event: "provider-attached"; readonly provider: string; readonly socket: string }
  | { readonly event: "provider-configured"; readonly provider: string; readonly identity: JsonObject }
  | {
      readonly event: "provider-ended";
      readonly provider: string;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      /** Whether the console had asked it to. */
      readonly expected: boolean;
    }
  | { readonly event: "debugger"; readonly url: string }
  | {
      readonly event: "plugin-hosted";
      readonly plugin: string;
      readonly sessionId: string;
      readonly dialTarget: string;
    }
  | {
      readonly event: "plugin-skipped";
      readonly plugin: string;
      readonly failure: HostFailure;
      readonly message: string;
    }
  | { readonly event: "plugin-stopped"; readonly plugin: string }
  | {
      readonly event: "answer";
      readonly plugin: string;
      readonly operation: string;
      readonly status: number;
      /** Parsed where it is JSON, else the text. */
      readonly body: JsonValue;
      readonly tookMs: number;
    }
  | { readonly event: "operations"; readonly plugin: string; readonly operations: readonly OperationFact[] }
  | {
      readonly event: "plugins";
      readonly plugins: readonly {
        readonly name: string;
        readonly status: string;
        readonly current: boolean;
      }[];
    }
  | { readonly event: "sessions"; readonly sessions: readonly SessionFact[] }
  | { readonly event: "support"; readonly providers: readonly AdminProvider[] }
  | { readonly event: "health"; readonly ready: boolean; readonly message: string }
  | ({ readonly event: "log" } & LogFact)
  | { readonly event: "logs"; readonly records: readonly LogFact[] }
  | {
      readonly event: "output";
      readonly provider: string;
      readonly stream: "stdout" | "stderr";
      readonly line: string;
    }
  | { readonly event: "call"; readonly call: HostCall }
  | { readonly event: "changed"; readonly files: readonly string[] }
  | {
      readonly event: "build";
      readonly state: "started" | "finished" | "failed";
      readonly command: string;
      readonly code?: number | string;
    }
  | { readonly event: "warning"; readonly message: string }
  | { readonly event: "help"; readonly text: string }
  | { readonly event: "error"; readonly message: string };

/** Where the console's events go. */
export type Report = (event: ConsoleEvent) => void;
