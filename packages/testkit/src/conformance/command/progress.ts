import { clearScreenDown, cursorTo, moveCursor } from "node:readline";
import { styleText } from "node:util";
import type { Check } from "../check/check.js";
import { areaOf } from "../check/check.js";
import type { CheckResult, Verdict } from "../runner/result.js";

/** What is shown while checks run. */
export interface Progress {
  readonly begin: (checks: readonly Check[]) => void;
  readonly started: (check: Check) => void;
  readonly finished: (result: CheckResult) => void;
  /** Takes away what moves. */
  readonly end: () => void;
}

export interface ProgressOptions {
  readonly stream: NodeJS.WriteStream;
  readonly colour: boolean;
}

const marks: Readonly<
  Record<Verdict, { readonly mark: string; readonly style: "green" | "red" | "yellow" | "magenta" | "dim" }>
> = {
  passed: { mark: "●", style: "green" },
  failed: { mark: "✗", style: "red" },
  warned: { mark: "▲", style: "yellow" },
  blocked: { mark: "◌", style: "magenta" },
  skipped: { mark: "·", style: "dim" },
  error: { mark: "!", style: "red" },
};

/** One line for each check as it ends, for logs. */
export function plainProgress({ stream, colour }: ProgressOptions): Progress {
  return {
    begin: (checks) => void stream.write(`${checks.length} checks\n`),
    started: () => undefined,
    finished: ({ verdict, id, durationMs }) => {
      const word = verdict.padEnd(8);
      const painted = colour ? styleText(marks[verdict].style, word, { validateStream: false }) : word;
      stream.write(`${painted} ${id} (${Math.round(durationMs)} ms)\n`);
    },
    end: () => undefined,
  };
}

/** A row of marks for each area that fills up, and what runs at the moment, for terminals. */
export function liveProgress({ stream, colour }: ProgressOptions): Progress {
  const rows = new Map<string, { total: number; readonly verdicts: Verdict[] }>();
  const running = new Map<string, number>();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;

  const erase = (): void => {
    if (drawn > 0) moveCursor(stream, 0, -drawn);
    cursorTo(stream, 0);
    clearScreenDown(stream);
    drawn = 0;
  };
  const draw = (): void => {
    const width = Math.max(20, stream.columns || 80);
    const lines = [...rows].map(([area, { total, verdicts }]) => {
      const done = `${verdicts.length}/${total}`;
      const room = width - 12 - done.length - 2;
      // Where there is no room for all, the newest are shown.
      const shown = verdicts.slice(-room);
      const dots = Math.max(0, Math.min(total - verdicts.length, room - shown.length));
      const bar = shown.map((verdict) => paint(marks[verdict].style, marks[verdict].mark)).join("");
      return `${area.padEnd(11)} ${bar}${paint("dim", "─".repeat(dots))} ${paint("dim", done)}`;
    });
    const now = performance.now();
    const busy = [...running]
      .map(([id, since]) => `${id} ${((now - since) / 1_000).toFixed(0)} s`)
      .join(", ");
    lines.push(paint("dim", busy.slice(0, width - 1)));
    erase();
    stream.write(`${lines.join("\n")}\n`);
    drawn = lines.length;
  };
  return {
    begin: (checks) => {
      for (const check of checks) {
        const row = rows.get(areaOf(check)) ?? { total: 0, verdicts: [] };
        row.total += 1;
        rows.set(areaOf(check), row);
      }
      timer = setInterval(draw, 250);
      draw();
    },
    started: ({ id }) => void running.set(id, performance.now()),
    finished: ({ id, area, verdict }) => {
      running.delete(id);
      rows.get(area)?.verdicts.push(verdict);
      draw();
    },
    end: () => {
      clearInterval(timer);
      running.clear();
      if (rows.size > 0) draw();
    },
  };
}
