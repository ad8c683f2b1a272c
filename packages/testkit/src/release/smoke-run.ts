import { tmpdir } from "node:os";
import { basename, delimiter, dirname } from "node:path";
import { openProcessTree, type Ended } from "@gestalt-runtime/sdk/processes";
import { invalid } from "./refuse.js";
import { indented } from "./run-tool.js";
import { withTemporaryFolder } from "./temporary-folder.js";

const timeoutMs = 30_000;
const maxOutputBytes = 16 * 1024;

/**
 * Starts a program once as the host does, but without a socket's path: a provider ends at once, non-zero, and names
 * the variable (PROC-1). That it gets this far proves that it starts.
 *
 * @param command absolute, in the folder as it is unpacked
 * @throws RuntimeProviderError INVALID_ARGUMENT where it does anything else, with what it printed
 */
export async function smokeRun(command: string, args: readonly string[]): Promise<void> {
  await withTemporaryFolder(tmpdir(), "gestalt-smoke-", (directory) => start(command, args, directory));
}

async function start(command: string, args: readonly string[], directory: string): Promise<void> {
  const tree = await openProcessTree();
  try {
    const env = {
      // A script's first line looks for node: this one is to be found, whatever else there is.
      PATH: [dirname(process.execPath), process.env.PATH ?? "/usr/bin:/bin"].join(delimiter),
      HOME: directory,
      TMPDIR: directory,
      LANG: "C.UTF-8",
    };
    const child = await tree.spawn({ command, args: [...args], env, cwd: directory });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-maxOutputBytes);
      });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    const end = await Promise.race([child.ended, late]);
    clearTimeout(timer);
    if (end !== undefined) await child.drained;
    const fault = faultOf(end, output);
    if (fault !== undefined)
      throw invalid(
        `${basename(command)} was started once without GESTALT_PLUGIN_SOCKET, and ${fault}${indented(output)}`,
      );
  } finally {
    await tree.kill();
  }
}

function faultOf(end: Ended | undefined, output: string): string | undefined {
  if (end === undefined)
    return `did not end within ${timeoutMs / 1000} s; a provider ends at once, with a text that names the variable (PROC-1)`;
  if (end.how === "signal") return `was ended by ${end.signal}; it can't run here`;
  if (output.includes("Code cache data rejected"))
    return "V8 refused its code cache: it was made by another Node.js than the one inside";
  if (end.code === 0)
    return "ended with 0; a provider ends non-zero with a text that names the variable (PROC-1): does the program serve?";
  if (!output.includes("GESTALT_PLUGIN_SOCKET"))
    return `ended with ${end.code} without naming the variable (PROC-1)`;
  return undefined;
}
