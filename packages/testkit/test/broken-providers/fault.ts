import type { SuiteTimes } from "../../src/conformance/subject/limits.js";
import type { SubjectOptions } from "../../src/conformance/subject/options.js";
import type { Reference } from "./reference/reference.js";

/** Which program a fault breaks. */
export type FaultyProgram = "reference" | "script" | "workspaces" | "outliving" | "relayed";

/** One way to break the reference provider, and the checks that have to see it. */
export interface Fault {
  /** Its name after `--fault`, in lower case; it says what is broken. */
  readonly name: string;
  /** The checks of the suite that must be red with it. Of its own area it must be these, those of `also`, and no others. */
  readonly breaks: readonly [string, ...string[]];
  /** What must be red too, because it rests on the same: looked at in the soak alone, for it takes long. */
  readonly also?: readonly string[];
  /** For one that never answers: how long the suite waits for it, lest the proof takes long. */
  readonly times?: Partial<SuiteTimes>;
  /**
   * The program that it breaks, where that is not the reference provider as an executable: `script` is the same as a
   * script, `workspaces` the same with workspaces, `relayed` the same without DIRECT access, `outliving` the one whose sessions outlive it.
   */
  readonly program?: FaultyProgram;
  /** What the suite is told of the provider beside its program. */
  readonly subject?: Omit<SubjectOptions, "command" | "args" | "source" | "attach">;
  /** Breaks it, before it runs. */
  readonly apply: (reference: Reference) => void;
}

export function defineFault(fault: Fault): Fault {
  return fault;
}
