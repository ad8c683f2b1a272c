import { createInterface, clearLine, cursorTo, type Interface } from "node:readline";
import type { HostConsole } from "./host-console.js";
import { completeLine, runCommand } from "./commands.js";
import type { Report } from "./events.js";
import { History } from "./history.js";

export interface PromptOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly history?: History;
  /** Ctrl-C where there is nothing that it could give up. */
  readonly onInterrupt: () => void;
}

/** A line to type at, with history and completion, that stays below what is told meanwhile. */
export class Prompt {
  readonly #readline: Interface;
  readonly #output: NodeJS.WritableStream;
  #shown = false;

  constructor(
    private readonly host: HostConsole,
    private readonly report: Report,
    { input, output, onInterrupt, history = new History() }: PromptOptions,
  ) {
    this.#output = output;
    this.#readline = createInterface({
      input,
      output,
      terminal: true,
      history: history.read(),
      historySize: 500,
      removeHistoryDuplicates: true,
      completer: (line: string) => completeLine(host, line),
    });
    this.#readline.on("history", (lines: string[]) => history.write(lines));
    this.#readline.on("SIGINT", () => {
      if (this.host.cancel()) return;
      if (this.#shown && this.#readline.line !== "") {
        this.#readline.write(null, { ctrl: true, name: "e" });
        this.#readline.write(null, { ctrl: true, name: "u" });
      } else onInterrupt();
    });
  }

  /** Writes above the line that is being typed. */
  write(text: string): void {
    if (!this.#shown) {
      this.#output.write(text);
      return;
    }
    cursorTo(this.#output, 0);
    clearLine(this.#output, 0);
    this.#output.write(text);
    this.#readline.prompt(true);
  }

  /** Takes commands until `exit`, Ctrl-D, or {@link Prompt.close}. */
  async run(): Promise<void> {
    const lines: string[] = [];
    const state = { closed: false };
    let wake = (): void => undefined;
    this.#readline.on("line", (line) => {
      this.#shown = false;
      lines.push(line);
      wake();
    });
    this.#readline.on("close", () => {
      state.closed = true;
      wake();
    });
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) {
        if ((await runCommand(this.host, line, this.report)) === "exit") break;
        continue;
      }
      if (state.closed) break;
      this.#show();
      await new Promise<void>((resolve) => (wake = resolve));
    }
    this.close();
  }

  /** Takes no more lines; a command under way still ends. */
  close(): void {
    if (this.#shown) this.#output.write("\n");
    this.#shown = false;
    this.#readline.close();
  }

  #show(): void {
    this.#shown = true;
    this.#readline.setPrompt(`${this.host.current}> `);
    this.#readline.prompt();
  }
}
