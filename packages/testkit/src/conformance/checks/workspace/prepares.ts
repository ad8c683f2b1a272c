import { existsSync } from "node:fs";
import { join } from "node:path";
import { workspaceFault } from "../../../host/workspace-calls.js";
import { defineCheck } from "../../check/check.js";
import { CheckBlocked } from "../../check/outcome.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectSession } from "../../subject/session.js";
import { makeRepository, type Repository } from "./repository.js";

export const preparesInside = defineCheck({
  id: "workspace/prepare-workspace/inside-the-guest",
  title: "PrepareWorkspace answers absolute paths, cwd inside root, and the guest finds the checkouts there",
  requirements: ["WORK-2"],
  needs: ["local-processes"],
  instance: "shared",
  cause: "The answer repeats what was asked for, or has the paths of the provider's side of a mount.",
  mend: "Answer with the paths as the plugin sees them: an absolute root, and cwd as root and what was asked for.",
  run: async (t) => {
    const repository = await makeRepository(t);
    const session = await t.session(await t.provider());
    await t.plugin(session);
    const { workspace } = await t.expect.answered("PrepareWorkspace", prepare(session, repository));
    const { root = "", cwd = "" } = workspace ?? {};
    const fault = workspaceFault(root, cwd);
    if (fault !== undefined) return t.expect.fail(`PrepareWorkspace answered no workspace: ${fault}`);
    const seen = t.place
      .pluginProcesses()
      .some(({ pid }) => existsSync(join(`/proc/${pid}/root`, cwd, repository.file)));
    t.expect(seen, "a file of the checkout that cwd was asked for is not there for the plugin");
  },
});

export const removesWorkspace = defineCheck({
  id: "workspace/remove-workspace/removes",
  title: "RemoveWorkspace removes the checkouts, can be repeated, and the workspace can be made again",
  requirements: ["WORK-3", "WORK-2"],
  needs: ["hosts-plugins", "spawned", "local-processes"],
  instance: "shared",
  cause: "Workspaces stay until their session ends, which for a pooled agent may be days.",
  mend: "Remove what was made for that agent's session, and answer OK when nothing is there any more.",
  run: async (t) => {
    const repository = await makeRepository(t);
    const session = await t.session(await t.provider());
    const usual = await usualPaths(t, session, repository);
    await preparedOrBlocked(t, session, repository);
    for (const time of ["", " once more"])
      await t.expect.answered(`RemoveWorkspace${time}`, remove(session, "agent-1"));
    t.expect(newPaths(t, usual) === 0, `after RemoveWorkspace ${newPaths(t, usual)} files of it are left`);
    await t.expect.answered("PrepareWorkspace after RemoveWorkspace", prepare(session, repository));
  },
});

/** PrepareWorkspace of a checkout at `code`, which is the working directory too. */
export function prepare(
  session: SubjectSession,
  { url, ref }: Pick<Repository, "url" | "ref">,
  { agentSessionId = "agent-1", signal }: { agentSessionId?: string; signal?: AbortSignal } = {},
): ReturnType<SubjectSession["provider"]["runtime"]["prepareWorkspace"]> {
  const workspace = { checkouts: [{ url, ref, path: "code" }], cwd: "code" };
  return session.provider.runtime.prepareWorkspace(
    { sessionId: session.id, agentSessionId, workspace },
    signal === undefined ? {} : { signal },
  );
}

export async function remove({ id, provider }: SubjectSession, agentSessionId: string): Promise<void> {
  await provider.runtime.removeWorkspace({ sessionId: id, agentSessionId });
}

/** Whether it works at all is the question of {@link preparesInside}. */
export async function preparedOrBlocked(
  t: CheckContext,
  session: SubjectSession,
  repository: Repository,
  agentSessionId = "agent-1",
): Promise<void> {
  try {
    await prepare(session, repository, { agentSessionId });
  } catch (error) {
    if (t.signal.aborted) throw error;
    throw new CheckBlocked(preparesInside.id, `PrepareWorkspace: ${String(error)}`, { cause: error });
  }
}

/** What lies there once a workspace has come and gone: folders that all of them share may stay. */
export async function usualPaths(
  t: CheckContext,
  session: SubjectSession,
  repository: Repository,
): Promise<ReadonlySet<string>> {
  await preparedOrBlocked(t, session, repository, "agent-0");
  await remove(session, "agent-0");
  return new Set(t.place.paths());
}

export function newPaths(t: CheckContext, usual: ReadonlySet<string>): number {
  return t.place.paths().filter((path) => !usual.has(path)).length;
}
