import { readdirSync } from "node:fs";
import { join } from "node:path";
import { defineCheck, type Check } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectSession } from "../../subject/session.js";
import { preparedOrBlocked } from "./prepares.js";
import { makeRepository, type Repository } from "./repository.js";

const refusals = ["INVALID_ARGUMENT", "FAILED_PRECONDITION", "PERMISSION_DENIED"] as const;

const shared = {
  requirements: ["WORK-2"],
  needs: ["local-processes"],
  instance: "shared",
} as const satisfies Partial<Check>;

export const refusesPathsOutside = defineCheck({
  ...shared,
  id: "workspace/prepare-workspace/refuses-paths-outside",
  title: "PrepareWorkspace refuses a checkout's path or a cwd that leads out of the workspace",
  cause: "Paths are joined to the root as they come.",
  mend: "Refuse absolute paths and those that begin with .. once they are normalised, with INVALID_ARGUMENT.",
  run: async (t) => {
    const repository = await makeRepository(t);
    const session = await t.session(await t.provider());
    await preparedOrBlocked(t, session, repository);
    const absolute = join(t.place.directory, "absolute");
    for (const [what, path, cwd] of [
      ['the checkout path "../outside"', "../outside", "."],
      ['the checkout path "code/../../outside"', "code/../../outside", "."],
      ["an absolute checkout path", absolute, "."],
      ['the cwd "../.."', "code", "../.."],
      ["an absolute cwd", "code", absolute],
    ] as const)
      await refused(t, session, what, repository, [path], cwd);
  },
});

export const refusesLinksOutside = defineCheck({
  ...shared,
  id: "workspace/prepare-workspace/refuses-links-outside",
  title: "PrepareWorkspace follows no link of a checkout out of the workspace",
  cause:
    "Paths are looked at as texts: a link in a checkout leads the next checkout, or the agent, anywhere.",
  mend: "Resolve links (realpath) of what is there already, and refuse what then lies outside of the root.",
  run: async (t) => {
    const repository = await makeRepository(t);
    const session = await t.session(await t.provider());
    await preparedOrBlocked(t, session, repository);
    const { link, outside } = repository;
    await refused(t, session, "a checkout below a link that leads outside", repository, [
      "code",
      `code/${link}/planted`,
    ]);
    await refused(
      t,
      session,
      "a cwd that is a link that leads outside",
      repository,
      ["code"],
      `code/${link}`,
    );
    t.expect(readdirSync(outside).length === 0, "a checkout was made outside of the workspace, over a link");
  },
});

async function refused(
  t: CheckContext,
  { id, provider }: SubjectSession,
  what: string,
  { url, ref }: Repository,
  paths: readonly string[],
  cwd = ".",
): Promise<void> {
  const workspace = { checkouts: paths.map((path) => ({ url, ref, path })), cwd };
  const agentSessionId = `agent-${t.random.hex(8)}`;
  await t.expect.refused(
    `PrepareWorkspace with ${what}`,
    provider.runtime.prepareWorkspace({ sessionId: id, agentSessionId, workspace }),
    refusals,
  );
}
