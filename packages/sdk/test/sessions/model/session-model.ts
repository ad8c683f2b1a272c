import fc from "fast-check";
import { expect } from "vitest";
import type { CloudKind } from "./model-cloud.js";
import { ModelHost } from "./model-host.js";

/** One thing that the host, the world or the clock does. */
type Step =
  | { readonly do: "startSession"; readonly cancelAfterMs: number | undefined }
  | { readonly do: "startPlugin"; readonly session: number; readonly cancelAfterMs: number | undefined }
  | { readonly do: "bind" | "stopSession"; readonly session: number }
  | { readonly do: "exit"; readonly guest: number; readonly code: number }
  | { readonly do: "vanish"; readonly guest: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "crash" | "restart" };

const index = fc.nat(5);
const cancelAfterMs = fc.option(fc.constantFrom(0, 1, 10, 100, 500, 5_000), { nil: undefined, freq: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("startSession" as const), cancelAfterMs }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("startPlugin" as const), session: index, cancelAfterMs }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("bind" as const), session: index }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("stopSession" as const), session: index }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("exit" as const),
      guest: index,
      code: fc.constantFrom(0, 1, 137),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("vanish" as const), guest: index }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(0, 1, 25, 150, 1_000, 6_000, 40_000, 2_000_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("crash" as const, "restart" as const) }) },
);

async function act(host: ModelHost, next: Step): Promise<void> {
  switch (next.do) {
    case "startSession": {
      host.startSession(next.cancelAfterMs);
      return;
    }
    case "startPlugin": {
      host.startPlugin(next.session, next.cancelAfterMs);
      return;
    }
    case "bind": {
      host.bind(next.session);
      return;
    }
    case "stopSession": {
      host.stopSession(next.session);
      return;
    }
    case "exit": {
      host.cloud.end(next.guest, { how: "exit", code: next.code });
      return;
    }
    case "vanish": {
      host.cloud.end(next.guest, { how: "vanished", detail: "gone" });
      return;
    }
    case "wait":
      return host.wait(next.ms);
    case "crash":
      return host.crash();
    case "restart":
      return host.restart();
  }
}

/** Kinds of backends, and states that sequences must get to: a model that starts no plugin proves nothing. */
export const kinds: readonly { name: string; kind: CloudKind; reaches: string[] }[] = [
  {
    name: "makes guests at StartSession",
    kind: { createAt: "session", hasFind: true },
    reaches: ["running", "failedcreate", "failedstart", "failedexited", "stoppedexpired"],
  },
  {
    name: "makes guests at StartPlugin",
    kind: { createAt: "plugin", hasFind: true },
    reaches: ["running", "failedstart", "stoppedexpired"],
  },
  {
    name: "can't list its guests",
    kind: { createAt: "session", hasFind: false },
    reaches: ["running", "failedcreate", "failedstart", "failedexited", "stoppedexpired"],
  },
];

/** Runs random sequences against the model; the first that breaks it is made as small as it gets. */
export async function proveModel(
  { kind, reaches }: (typeof kinds)[number],
  options: { readonly seed: number; readonly sequences: number },
): Promise<void> {
  const seen = new Set<string>();
  const steps = fc.array(step, { minLength: 5, maxLength: 40, size: "max" });
  const property = fc.asyncProperty(steps, fc.integer(), async (sequence, chance) => {
    const host = new ModelHost(chance, kind);
    await host.boot();
    for (const next of sequence) {
      await act(host, next);
      await host.clock.settle();
      host.look();
      host.assertSound();
    }
    await host.finish();
    host.assertSound();
    for (const state of host.statesSeen) seen.add(state);
  });
  await fc.assert(property, { seed: options.seed, numRuns: options.sequences });
  // A handful may miss a corner by chance; hundreds do not.
  if (options.sequences >= 500) expect([...seen]).toEqual(expect.arrayContaining(reaches));
}
