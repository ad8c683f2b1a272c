import type { GitCheckout, PreparedWorkspace } from "../provider/types.js";
import type { BackendContext } from "./backend.js";
import type { Json } from "./guest.js";

/** Makes and removes workspaces inside guests: later hosts only (WORK-2, WORK-3). */
export interface WorkspaceBackend<H extends Json> {
  /** Makes the checkouts and answers with absolute paths of the guest. Cancelled halfway it leaves nothing. */
  prepare(handle: H, workspace: WorkspaceRequest, context: BackendContext): Promise<PreparedWorkspace>;
  /** Removes a workspace; one that never was is removed already. */
  remove(handle: H, agentSessionId: string, context: BackendContext): Promise<void>;
}

/** What a workspace is to hold. */
export interface WorkspaceRequest {
  /** The host's own id of the agent's session: `remove` is called with it. */
  readonly agentSessionId: string;
  /** Each goes to its own path below the workspace's root, and nowhere else. */
  readonly checkouts: readonly GitCheckout[];
  /** Relative to the workspace's root. */
  readonly cwd: string;
}
