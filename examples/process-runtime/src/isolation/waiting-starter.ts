import type { Duplex } from "node:stream";
import { findTool, type ProcessTree, type TreeProcess } from "@gestalt-runtime/sdk/processes";

/** A shell reads a line byte by byte: more than this comes faster through another program. */
const longLineBytes = 16_384;

/** Reads one line, and becomes the program that the line names; without a line it ends. A dash: the long line comes after it. */
const script = `n='
'
IFS= read -r words <&3 || exit 0
[ "$words" != - ] || words=$(cat <&3)
eval "exec $words 3<&-"`;

/**
 * A process that waits for the words of what it is to become. To fork takes a process long that has as much memory as this
 * one, so that is done while a session is pending. It ends with this process, whose end of the pipe is then closed.
 */
export class WaitingStarter {
  private constructor(
    readonly child: TreeProcess,
    private readonly words: Duplex,
    /** Those that were asked for, as descriptors 4 and up. */
    readonly pipes: readonly Duplex[],
  ) {}

  /** @param before a program with arguments that runs the program after them in its own place */
  static async open(tree: ProcessTree, before: readonly string[], pipes: number): Promise<WaitingStarter> {
    const shell = findTool("sh") ?? "/bin/sh";
    const argv = [...before, shell, "-c", script];
    // No variable of a plugin's: some of them change what these programs do, outside of the guest.
    const child = await tree.spawn({
      command: argv[0] ?? shell,
      args: argv.slice(1),
      env: {},
      cwd: "/",
      pipes: pipes + 1,
    });
    const [words, ...others] = child.pipes;
    if (words === undefined) throw new Error("the pipe to a waiting process is missing");
    return new WaitingStarter(child, words, others);
  }

  /** Lets it become a program, its arguments exactly as they are (PLUG-1). */
  become(argv: readonly string[]): void {
    const line = `${argv.map(quoted).join(" ")}\n`;
    this.words.end(line.length > longLineBytes ? `-\n${line}` : line);
  }
}

/** What a shell takes for one word without a line's end in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`).replaceAll("\n", `'"$n"'`)}'`;
}
