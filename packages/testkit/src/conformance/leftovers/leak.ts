/** Something that is still there once a provider's process has ended. */
export interface Leftover {
  readonly kind: "process" | "socket" | "directory" | "file";
  /** A process's name, or a path below the directory of the check. */
  readonly name: string;
  /** The check after which it was first seen, where several used the provider one after the other. */
  readonly since?: string;
}

/**
 * What a provider left that has ended as it was told to, with 0. One that was killed can't clean up: that is for its
 * next start (REC-2), and what may run on even then is the question of checks of its own (PROC-8).
 */
export interface Leak extends Omit<Leftover, "since"> {
  /** The check after which it was there. */
  readonly after: string;
}

/** What is left, in words that are the same in two runs: parts that a program has made up are `*`. */
export function patternOf({ kind, name }: Pick<Leftover, "kind" | "name">): string {
  return `${kind} ${name
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "*")
    .replaceAll(/-\w{6}(?=\/|$)/g, "-*")
    .replaceAll(/[0-9a-f]{8,}/g, "*")
    .replaceAll(/\d+/g, "*")}`;
}

/** @param check after which it was there, where nothing more exact is known */
export function leaksOf(found: readonly Leftover[], check: string): Leak[] {
  return found.map(({ kind, name, since }) => ({ kind, name, after: since ?? check }));
}
