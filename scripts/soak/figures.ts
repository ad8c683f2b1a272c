import type { TestContext } from "vitest";

/** What a soak measured. It is printed and kept, never asserted: a figure depends on the machine and its neighbours. */
export interface Figure {
  /** What it is about, such as `lines through the forwarder`; unique within its file. */
  readonly name: string;
  readonly value: number;
  /** Such as `lines/s`, `MiB`, `ms`. */
  readonly unit: string;
  /** What the project wants of it, where it wants something: the table then says whether it was kept. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

declare module "vitest" {
  interface TaskMeta {
    figures?: Figure[];
  }
}

/** Hands a figure to the table and the report of `npm run soak`. */
export function recordFigure({ task }: Pick<TestContext, "task">, figure: Figure): void {
  (task.meta.figures ??= []).push(figure);
}
