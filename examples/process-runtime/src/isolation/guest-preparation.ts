import type { ProcessTree } from "@gestalt-runtime/sdk/processes";
import { guestFiles, guestFileCount, type GuestFile } from "./guest-files.js";
import { rootEntries, type RootEntry } from "./host-root.js";
import type { EnclosureRequest } from "./isolation.js";
import { hasSeccompFilter, seccompFilter } from "./seccomp.js";
import { WaitingStarter } from "./waiting-starter.js";

/** What of a guest can be had while its session is pending: starting a program in it has no time for that. */
export interface GuestPreparation {
  readonly entries: readonly RootEntry[];
  readonly files: readonly GuestFile[];
  /** Undefined where there is none for this processor. */
  readonly seccomp: Buffer | undefined;
  /** What becomes bubblewrap. */
  readonly starter: WaitingStarter;
}

export async function prepareGuest(tree: ProcessTree, request: EnclosureRequest): Promise<GuestPreparation> {
  const entries = rootEntries(request.root);
  const [files, starter] = await Promise.all([guestFiles(), openStarter(tree, request)]);
  return { entries, files, starter, seccomp: hasSeccompFilter() ? seccompFilter() : undefined };
}

/** Its pipes are bubblewrap's arguments and status, the filter where there is one, and the guest's files. */
export function openStarter(tree: ProcessTree, { limits }: EnclosureRequest): Promise<WaitingStarter> {
  return WaitingStarter.open(tree, limits.launcher, 2 + (hasSeccompFilter() ? 1 : 0) + guestFileCount);
}
