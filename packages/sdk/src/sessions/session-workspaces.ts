import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { PreparedWorkspace, PrepareWorkspaceRequest } from "../provider/types.js";
import type { Guest, Json } from "./guest.js";
import type { Surroundings } from "./surroundings.js";

/** The workspaces of one session's guest: later hosts only (WORK-2, WORK-3). */
export class SessionWorkspaces<H extends Json> {
  constructor(
    private readonly around: Surroundings<H>,
    private readonly sessionId: string,
    private readonly progress: (text: string) => void,
  ) {}

  /** Cancelled or failed halfway, it leaves nothing. */
  async prepare(
    { handle }: Guest<H>,
    { agentSessionId, checkouts, cwd }: PrepareWorkspaceRequest,
    signal: AbortSignal,
  ): Promise<PreparedWorkspace> {
    const { calls, backend, limits } = this.around;
    const { sessionId, progress } = this;
    const undo = (): void => void this.remove({ handle }, agentSessionId).catch(() => undefined);
    try {
      return await calls.run(
        {
          what: "preparing the workspace",
          timeoutMs: limits.workspaceTimeoutMs,
          sessionId,
          signal,
          progress,
        },
        async (context) => {
          const made = await backend.workspaces?.prepare(handle, { agentSessionId, checkouts, cwd }, context);
          if (made !== undefined) return made;
          throw new RuntimeProviderError("UNIMPLEMENTED", "this runtime has no workspaces");
        },
        undo,
      );
    } catch (error) {
      undo();
      throw error;
    }
  }

  async remove({ handle }: Guest<H>, agentSessionId: string): Promise<void> {
    const { calls, backend, limits } = this.around;
    await calls.run(
      { what: "removing a workspace", timeoutMs: limits.workspaceTimeoutMs, sessionId: this.sessionId },
      async (context) => backend.workspaces?.remove(handle, agentSessionId, context),
    );
  }
}
