import { posix } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type {
  PreparePluginRuntimeWorkspaceRequestSchema,
  PreparedAgentWorkspace,
} from "@gestalt-runtime/sdk/protocol";
import { HostError } from "./host-error.js";
import type { ProviderInstance } from "./provider-instance.js";

/** What a workspace is asked for: session, agent's session, checkouts, `cwd`. */
export type WorkspaceRequest = MessageInitShape<typeof PreparePluginRuntimeWorkspaceRequestSchema> & {
  /** The runtime's session, in whose guest the workspace is made. */
  readonly sessionId: string;
  /** The agent's own session, whose workspace it is. */
  readonly agentSessionId: string;
};

/**
 * Work in a workspace as hosts from 2026-05-05 do it: PrepareWorkspace where support says so, with the host's 10 min,
 * and RemoveWorkspace whatever it says (WORK-1 to WORK-3).
 *
 * @throws {@link HostError} `prepare-workspace` where it fails, or answers what is no workspace
 */
export async function withWorkspace<T>(
  { runtime, times }: Pick<ProviderInstance, "runtime" | "times">,
  request: WorkspaceRequest,
  work: (workspace: PreparedAgentWorkspace | undefined) => Promise<T>,
): Promise<T> {
  const { sessionId, agentSessionId } = request;
  const { supportsPrepareWorkspace } = await runtime.getSupport({}, { timeoutMs: times.inspectionMs });
  try {
    if (!supportsPrepareWorkspace) return await work(undefined);
    return await work(await prepare(runtime, request, times.prepareWorkspaceMs));
  } finally {
    await runtime.removeWorkspace({ sessionId, agentSessionId }, { timeoutMs: times.lifecycleMs });
  }
}

async function prepare(
  runtime: ProviderInstance["runtime"],
  request: WorkspaceRequest,
  timeoutMs: number,
): Promise<PreparedAgentWorkspace> {
  let workspace: PreparedAgentWorkspace | undefined;
  try {
    ({ workspace } = await runtime.prepareWorkspace(request, { timeoutMs }));
  } catch (cause) {
    const { code, message } = RuntimeProviderError.from(cause, "PrepareWorkspace");
    throw new HostError("prepare-workspace", `PrepareWorkspace failed with ${code}: ${message}`, {
      code,
      cause,
    });
  }
  const { root = "", cwd = "" } = workspace ?? {};
  const fault = workspaceFault(root, cwd);
  if (workspace === undefined || fault !== undefined)
    throw new HostError(
      "prepare-workspace",
      `PrepareWorkspace answered no workspace: ${fault ?? "it is missing"}`,
    );
  return workspace;
}

/** What is wrong with a prepared workspace; undefined where nothing is. */
export function workspaceFault(root: string, cwd: string): string | undefined {
  if (!posix.isAbsolute(root)) return `root ${JSON.stringify(root)} is not absolute (WORK-2)`;
  if (!posix.isAbsolute(cwd)) return `cwd ${JSON.stringify(cwd)} is not absolute (WORK-2)`;
  const below = posix.relative(root, cwd);
  if (below === ".." || below.startsWith("../"))
    return `cwd ${JSON.stringify(cwd)} is not inside root ${JSON.stringify(root)} (WORK-2)`;
  return undefined;
}
