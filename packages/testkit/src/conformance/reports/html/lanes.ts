import type { CallReport, CheckReport, EventReport } from "../report.js";

/** A column of the sequence picture. */
export interface Lane {
  readonly label: string;
}

/** One row of the picture, from the lane of one number to that of another. */
export type Step =
  | {
      readonly kind: "call";
      readonly from: number;
      readonly to: number;
      readonly atMs: number;
      readonly call: CallReport;
      /** Other calls that began before this one was answered. */
      readonly meanwhile: number;
    }
  | {
      readonly kind: "event";
      readonly from: number;
      readonly to: number;
      readonly atMs: number;
      readonly event: EventReport;
    };

/** What the picture shows, in the order of time. */
export interface Sequence {
  readonly lanes: readonly Lane[];
  readonly steps: readonly Step[];
}

const host = 0;
/** Beside the host and its providers: more would leave no room for words. */
const maxPlugins = 3;

/** Lays a check's calls and events out: the host to the left, then each process of the provider, then the plugins. */
export function layOut({ calls = [], events = [] }: Pick<CheckReport, "calls" | "events">): Sequence {
  const providers = [
    ...new Set([
      ...calls.filter(({ to }) => to === "provider").map(({ instance }) => instance),
      ...events.map(({ instance }) => instance).filter((instance) => instance > 0),
    ]),
  ].sort((a, b) => a - b);
  const plugins = [...new Set(calls.filter(({ to }) => to === "plugin").map(({ name }) => name))];
  const shown = plugins.length > maxPlugins ? plugins.slice(0, maxPlugins - 1) : plugins;
  const others = plugins.length > shown.length ? ["other plugins"] : [];
  const lanes: Lane[] = [
    { label: "host" },
    ...providers.map((instance) => ({ label: providers.length > 1 ? `provider ${instance}` : "provider" })),
    ...[...shown, ...others].map((name) => ({
      label: plugins.length > 1 || name === "plugin" ? name : `plugin ${name}`,
    })),
  ];
  const providerLane = (instance: number): number => {
    const index = providers.indexOf(instance);
    return index === -1 ? host : 1 + index;
  };
  const pluginLane = (name: string): number => {
    const index = shown.indexOf(name);
    return 1 + providers.length + (index === -1 ? shown.length : index);
  };
  const steps: Step[] = [
    ...calls.map((call, index) => ({
      kind: "call" as const,
      from: host,
      to: call.to === "provider" ? providerLane(call.instance) : pluginLane(call.name),
      atMs: call.startedAtMs,
      call,
      meanwhile: begunDuring(call, calls.slice(index + 1)),
    })),
    ...events.map((event) => ({
      kind: "event" as const,
      ...endsOf(event, providerLane(event.instance), plugins.length > 0 ? 1 + providers.length : undefined),
      atMs: event.atMs,
      event,
    })),
  ];
  return { lanes, steps: steps.sort((a, b) => a.atMs - b.atMs) };
}

function begunDuring({ startedAtMs, durationMs }: CallReport, later: readonly CallReport[]): number {
  const end = durationMs === undefined ? Infinity : startedAtMs + durationMs;
  return later.filter((other) => other.startedAtMs < end).length;
}

/** Where an event's arrow begins and ends; from a lane to itself it is a note. */
function endsOf(
  { type }: EventReport,
  provider: number,
  plugin: number | undefined,
): { readonly from: number; readonly to: number } {
  if (type === "spawned" || type === "attached" || type === "signal") return { from: host, to: provider };
  // Whose calls these are the host can't tell: they are made for the plugins, where there are any.
  if (type === "host-service" || type === "relayed-call" || type === "egress-request")
    return { from: plugin ?? provider, to: host };
  return { from: provider, to: provider };
}
