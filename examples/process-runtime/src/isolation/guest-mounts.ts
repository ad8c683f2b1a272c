import { isAbsolute } from "node:path";
import type { StringMap } from "@gestalt-runtime/sdk";
import { checkProgram, type ProgramSpec } from "@gestalt-runtime/sdk/processes";
import { mountedAt } from "../guests/overlay.js";
import { certificateMounts, isOfSystem, packageMounts } from "./host-root.js";
import type { GuestRoot, Mount } from "./isolation.js";

/** A program that is to run in a guest, and what of the host's files it is to see. */
export interface SeenProgram {
  readonly command: string;
  readonly env: StringMap;
  readonly mounts: readonly Mount[];
}

/**
 * Looks at a program of the host's own system: what is missing there is missing in the guest. One in a root of its own is
 * looked at by who names that.
 *
 * @throws SpawnError when it can't be started
 */
export async function lookAt(
  spec: ProgramSpec,
  { path, mounts }: GuestRoot,
  readOnlyPaths: readonly string[],
): Promise<SeenProgram> {
  const isOfHost = path === undefined && mountedAt(mounts, spec.command) === undefined;
  const { command, env } = isOfHost ? await checkProgram(spec) : spec;
  const { cwd } = spec;
  const seen = [
    ...readOnlyPaths.flatMap(readable),
    ...(isOfHost ? packageMounts(command, env.PATH) : []),
    ...(path === undefined ? certificateMounts(process.env) : []),
    ...(isOfHost && cwd !== undefined && isAbsolute(cwd) ? readable(cwd) : []),
    ...mounts,
  ];
  return { command, env, mounts: seen };
}

function readable(onHost: string): Mount[] {
  return isOfSystem(onHost) ? [] : [{ onHost, inGuest: onHost }];
}
