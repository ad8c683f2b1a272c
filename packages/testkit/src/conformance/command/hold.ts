import { createInterface } from "node:readline";
import type { CheckContext } from "../check/context.js";
import { descendantsOf } from "../leftovers/processes.js";
import type { CheckResult } from "../runner/result.js";

/** Keeps a failed check's providers, plugins and files as they are, until Enter is pressed or the run is ended. */
export async function holdForDebugger(
  result: CheckResult,
  context: CheckContext,
  {
    input,
    output,
    signal,
  }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal: AbortSignal },
): Promise<void> {
  output.write(
    [
      "",
      `held: ${result.id}`,
      ...result.differences.map(({ text }) => `  ${text}`),
      ...context.providers.flatMap(({ instance: { process, socketPath } }) => [
        `  provider process ${process.pid}${process.end === undefined ? "" : " (it has ended)"}, socket ${socketPath}`,
        ...descendantsOf(process.pid).map(({ pid, name }) => `    process ${pid} (${name})`),
      ]),
      `  its temporary folder ${context.place.directory}`,
      "press Enter to go on",
      "",
    ].join("\n"),
  );
  const lines = createInterface({ input });
  try {
    await new Promise<void>((resolve) => {
      lines.once("line", () => resolve());
      // An input that ends has nobody who could press anything: then only the signal ends it.
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
  } finally {
    lines.close();
  }
}
