import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** How many lines are kept. */
const length = 500;

/** What was typed at earlier prompts, in the user's own state directory; without one that can be written, nothing. */
export class History {
  constructor(private readonly path: string = historyPath(process.env)) {}

  /** The newest line first, as readline takes it. */
  read(): string[] {
    try {
      return readFileSync(this.path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .slice(0, length);
    } catch {
      return [];
    }
  }

  write(lines: readonly string[]): void {
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      // Parameters may hold what is nobody else's to read.
      writeFileSync(this.path, `${lines.slice(0, length).join("\n")}\n`, { mode: 0o600 });
    } catch {
      // A prompt without a memory is still a prompt.
    }
  }
}

/** By the XDG base directory rules. */
export function historyPath(env: Readonly<Record<string, string | undefined>>): string {
  const state = env.XDG_STATE_HOME;
  const root = state?.startsWith("/") === true ? state : join(env.HOME ?? homedir(), ".local/state");
  return join(root, "gestalt-runtime/host-history");
}
