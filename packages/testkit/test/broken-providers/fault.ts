import type { SuiteTimes } from "../../src/conformance/subject/limits.js";
import type { SubjectOptions } from "../../src/conformance/subject/options.js";
import type { Reference } from "./reference/reference.js";

/** One way to break the reference provider, and the checks that have to see it. */
export interface Fault {
  /** Its name after `--fault`, in lower case; it says what is broken. */
  readonly name: string;
  /** The checks of the suite that must be red with it. Of its own area it must be these and no others. */
  readonly breaks: readonly [string, ...string[]];
  /** For one that never answers: how long the suite waits for it, lest the proof takes long. */
  readonly times?: Partial<SuiteTimes>;
  /** What the suite is told of the provider beside its program. */
  readonly subject?: Omit<SubjectOptions, "command" | "args" | "source" | "attach">;
  /** Breaks it, before it runs. */
  readonly apply: (reference: Reference) => void;
}

export function defineFault(fault: Fault): Fault {
  return fault;
}
