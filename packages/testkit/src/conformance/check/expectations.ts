import { isDeepStrictEqual } from "node:util";
import { RuntimeProviderError, type ErrorCode } from "@gestalt-runtime/sdk";
import { CheckFailed } from "./outcome.js";
import { show } from "./show.js";

/** One thing that is not as it must be. */
export interface Difference {
  /** The requirement that it breaks. */
  readonly requirement: string;
  /** What was looked at, what was found and what had to be there. */
  readonly text: string;
}

/** Collects what differs; a check goes on after a difference, so that one run tells all. */
export interface Expect {
  /** @param text what is wrong when it does not hold, such as "the socket file is still there after the exit" */
  (holds: boolean, text: string, requirement?: string): boolean;
  /** @param what such as "the answer's session_id" */
  readonly equal: (what: string, actual: unknown, expected: unknown, requirement?: string) => boolean;
  /** The call has to be refused with that code (or one of those), and its message to hold each text of `naming`. */
  readonly refused: (
    what: string,
    call: Promise<unknown>,
    code: ErrorCode | readonly ErrorCode[],
    options?: { readonly naming?: readonly string[]; readonly requirement?: string },
  ) => Promise<RuntimeProviderError | undefined>;
  /** The call has to succeed; a failure is a difference and ends the check. */
  readonly answered: <T>(what: string, call: Promise<T>, requirement?: string) => Promise<T>;
  /** Notes a difference and ends the check. */
  readonly fail: (text: string, requirement?: string) => never;
}

export function createExpect(defaultRequirement: string, differences: Difference[]): Expect {
  const note = (text: string, requirement = defaultRequirement): false => {
    differences.push({ requirement, text });
    return false;
  };
  const expect = (holds: boolean, text: string, requirement?: string): boolean =>
    holds || note(text, requirement);
  const fail = (text: string, requirement?: string): never => {
    note(text, requirement);
    throw new CheckFailed(text);
  };
  return Object.assign(expect, {
    fail,
    equal: (what: string, actual: unknown, expected: unknown, requirement?: string) =>
      isDeepStrictEqual(actual, expected) ||
      note(`${what} is ${show(actual)}; expected ${show(expected)}`, requirement),
    refused: async (
      what: string,
      call: Promise<unknown>,
      code: ErrorCode | readonly ErrorCode[],
      options: { readonly naming?: readonly string[]; readonly requirement?: string } = {},
    ) => {
      const codes = typeof code === "string" ? [code] : code;
      const { naming = [], requirement } = options;
      try {
        await call;
      } catch (thrown) {
        if (!(thrown instanceof RuntimeProviderError)) throw thrown;
        if (!codes.includes(thrown.code))
          note(
            `${what} failed with ${thrown.code} (${show(thrown.message)}); expected ${codes.join(" or ")}`,
            requirement,
          );
        for (const text of naming)
          if (!thrown.message.includes(text))
            note(
              `${what} was refused with a message that does not name ${show(text)}: ${show(thrown.message)}`,
              requirement,
            );
        return thrown;
      }
      note(`${what} was answered with OK; expected ${codes.join(" or ")}`, requirement);
      return undefined;
    },
    answered: async <T>(what: string, call: Promise<T>, requirement?: string): Promise<T> => {
      try {
        return await call;
      } catch (thrown) {
        if (!(thrown instanceof RuntimeProviderError)) throw thrown;
        return fail(
          `${what} failed with ${thrown.code}: ${show(thrown.message)}; it had to succeed`,
          requirement,
        );
      }
    },
  });
}
