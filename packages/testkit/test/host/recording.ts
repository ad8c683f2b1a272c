import { readFile } from "node:fs/promises";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { AgentOptions, GestaltdOptions, PluginOptions } from "../../src/host/index.js";

/** One line of a recording. */
export interface RecordedEvent {
  readonly at_ms: number;
  readonly event: string;
  readonly method?: string;
  readonly request?: JsonObject;
  readonly response?: JsonObject;
  readonly deadline_ms?: number;
  readonly message?: string;
  readonly error?: string;
  readonly [field: string]: JsonValue | undefined;
}

/** The operator's side of a scenario, as its first line describes it. */
export interface Operator {
  readonly runtime: { readonly default: boolean; readonly config: JsonObject };
  readonly plugins: Readonly<Record<string, OperatorPlugin>>;
  readonly agents?: Readonly<Record<string, OperatorAgent>>;
  readonly server?: Pick<GestaltdOptions, "egress" | "baseUrl">;
}

/** Times are written as in YAML: `10s`. */
interface OperatorAgent {
  readonly indexeddb?: JsonObject;
  readonly execution: {
    readonly runtime: NonNullable<AgentOptions["runtime"]> & {
      readonly pool: {
        readonly minReadyInstances: number;
        readonly maxReadyInstances: number;
        readonly startupTimeout: string;
        readonly healthCheckInterval: string;
        readonly restartPolicy: "always" | "never";
        readonly drainTimeout: string;
      };
    };
  };
}

interface OperatorPlugin {
  readonly execution: { readonly runtime: NonNullable<PluginOptions["runtime"]> };
  readonly cache?: readonly string[];
  readonly egress?: NonNullable<PluginOptions["egress"]>;
}

export interface Recording {
  readonly scenario: string;
  readonly operator: Operator;
  readonly warnings: readonly string[];
  readonly events: readonly RecordedEvent[];
}

/** A recording of the real host, from `traces/`. */
export async function readRecording(scenario: string): Promise<Recording> {
  const [head, ...events] = await readLines(new URL(`traces/${scenario}.jsonl`, import.meta.url));
  const { operator, host_warnings: warnings } = head as unknown as {
    operator: Operator;
    host_warnings?: string[];
  };
  return { scenario, operator, warnings: warnings ?? [], events };
}

export async function readLines(path: string | URL): Promise<RecordedEvent[]> {
  return parseLines(await readFile(path, "utf8"));
}

export function parseLines(text: string): RecordedEvent[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as RecordedEvent);
}
