import type { Place } from "../../leftovers/place.js";

/** What still runs of a place's plugins, for people; undefined when nothing does. */
export function leftOf(place: Place): string | undefined {
  const left = place.pluginProcesses();
  if (left.length === 0) return undefined;
  return `${left.length} ${left.length === 1 ? "process" : "processes"} of the plugin still ${left.length === 1 ? "runs" : "run"} (${left
    .map(({ name }) => name)
    .sort()
    .join(", ")})`;
}
