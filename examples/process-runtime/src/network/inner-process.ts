import type { ProcessTree, TreeProcess } from "@gestalt-runtime/sdk/processes";
import { BwrapStatus } from "../isolation/bwrap-status.js";

/** A process of the runtime's own, such as socat, that serves a guest's network from an enclosure of bubblewrap's. */
export interface InnerProcess {
  readonly child: TreeProcess;
  /** The first process of its PID namespace: all of it ends with that one. */
  readonly first: number;
  /** Its first words on stderr, once it has ended. */
  readonly complaint: () => Promise<string>;
}

/** The descriptor that bubblewrap tells its status through. */
const statusDescriptor = 3;

/** bubblewrap's arguments for a PID namespace that ends with this process, in which no right is held but those that are named. */
export function enclosed(capabilities: readonly string[]): string[] {
  return [
    ...["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session"],
    ...["--cap-drop", "ALL", ...capabilities.flatMap((name) => ["--cap-add", name])],
    ...["--json-status-fd", String(statusDescriptor)],
  ];
}

/**
 * @param argv bubblewrap with `enclosed` among its arguments, or something that runs it
 * @param onOutput takes what it says on stdout. Default: nobody does
 */
export async function startInner(
  tree: ProcessTree,
  argv: readonly string[],
  onOutput?: (chunk: Buffer) => void,
): Promise<InnerProcess> {
  const [command = "", ...args] = argv;
  const child = await tree.spawn({ command, args, env: {}, cwd: "/", pipes: 1 });
  const complaint = firstWords(child, onOutput);
  const [pipe] = child.pipes;
  const first = pipe && (await new BwrapStatus(pipe, child.ended).first);
  if (first === undefined) throw new Error(`a network could not be made: ${await complaint()}`);
  return { child, first, complaint };
}

/** Reads a helper's stderr for as long as it runs, and keeps its beginning. */
export function firstWords(
  child: TreeProcess,
  onOutput: (chunk: Buffer) => void = () => undefined,
): () => Promise<string> {
  let text = "";
  child.stdout.on("data", onOutput);
  child.stderr.on("data", (chunk: Buffer) => {
    if (text.length < 1_000) text += chunk.toString();
  });
  return async () => {
    await child.drained;
    return text.trim() || "it ended without a word";
  };
}

export function endInner({ first }: InnerProcess): void {
  try {
    process.kill(first, "SIGKILL");
  } catch {
    // It has ended.
  }
}
