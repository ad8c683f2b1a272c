import { setTimeout as delay } from "node:timers/promises";
import type { CheckContext } from "../../check/context.js";
import { CheckBlocked } from "../../check/outcome.js";
import { owners } from "../../check/steps.js";

/** How long after StartPlugin's answer the plugin's processes may still be on their way. */
const lateMs = 1_000;

/**
 * Waits until so many processes of plugins are there, so that something can come in the middle of their start. Blocked
 * where StartPlugin is answered without any: then there is no middle.
 */
export async function untilStarting(
  t: CheckContext,
  what: string,
  processes: number,
  calls: readonly Promise<unknown>[],
): Promise<void> {
  let answeredAt = Infinity;
  void Promise.all(calls).then(
    () => (answeredAt = performance.now()),
    () => undefined,
  );
  await t.eventually(what, t.subject.times.callMs, async () => {
    const { length } = t.place.pluginProcesses();
    if (length >= processes) return undefined;
    await delay(0);
    if (length === 0 && performance.now() > answeredAt + lateMs)
      throw new CheckBlocked(
        owners.plugin,
        "StartPlugin was answered, and no process of the plugin was seen",
      );
    return length === 0 ? "none was seen" : "not all were seen";
  });
}
