import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { CheckContext, FixtureStart } from "../../check/context.js";
import type { SubjectPlugin } from "../../subject/plugin.js";
import type { SubjectSession } from "../../subject/session.js";

/**
 * Starts the fixture plugin in a way that the check is about. When that fails and the plain way works, the way is
 * what was wrong; when neither works, the check is blocked.
 */
export async function startDifferently(
  t: CheckContext,
  way: string,
  start: FixtureStart,
  inSession?: SubjectSession,
): Promise<SubjectPlugin> {
  const session = inSession ?? (await t.session(await t.provider()));
  try {
    return await t.dial(session, await session.startPlugin(t.pluginRequest(start)));
  } catch (error) {
    if (t.signal.aborted || !(error instanceof RuntimeProviderError)) throw error;
    await t.plugin(await t.session(session.provider));
    t.expect.fail(
      `the fixture plugin starts, but not with ${way}: StartPlugin failed with ${error.code}: ${JSON.stringify(error.message.slice(0, 400))}`,
    );
  }
}
