import { defineCheck } from "../../check/check.js";

export const removesWhatNeverWas = defineCheck({
  id: "workspace/remove-workspace/never-was",
  title: "RemoveWorkspace is OK for a workspace, an agent's session or a session that never was, each time",
  requirements: ["WORK-3", "WORK-1"],
  waives: ["without-workspaces"],
  instance: "shared",
  cause: "The method is left out with PrepareWorkspace, or the session is looked up first and not found.",
  mend: "Answer OK whatever is asked for: hosts call it regardless of supports_prepare_workspace.",
  run: async (t) => {
    const provider = await t.provider();
    const asked = [{ what: "a session that never was", sessionId: `never-${t.random.hex(12)}` }];
    if (t.profile.support?.canHostPlugins === true)
      asked.push({ what: "a session without a workspace", sessionId: (await t.session(provider)).id });
    for (const { what, sessionId } of asked)
      for (const time of ["", " once more"]) {
        const request = { sessionId, agentSessionId: "nobody" };
        await t.expect.answered(
          `RemoveWorkspace of ${what}${time}`,
          provider.runtime.removeWorkspace(request),
        );
      }
  },
});

export const unimplementedWithoutSupport = defineCheck({
  id: "workspace/prepare-workspace/unimplemented",
  title: "a provider that does not claim workspaces answers PrepareWorkspace with UNIMPLEMENTED",
  requirements: ["WORK-1"],
  instance: "shared",
  cause: "The method is there and the field was forgotten, or it fails in some other way.",
  mend: "Set supports_prepare_workspace where it works; elsewhere leave the method out, or answer UNIMPLEMENTED.",
  run: async (t) => {
    const provider = await t.provider();
    const hosts = t.profile.support?.canHostPlugins === true;
    const sessionId = hosts ? (await t.session(provider)).id : "never-was";
    const workspace = { checkouts: [], cwd: "." };
    await t.expect.refused(
      "PrepareWorkspace, while supports_prepare_workspace is false,",
      provider.runtime.prepareWorkspace({ sessionId, agentSessionId: "agent-1", workspace }),
      "UNIMPLEMENTED",
    );
  },
});
