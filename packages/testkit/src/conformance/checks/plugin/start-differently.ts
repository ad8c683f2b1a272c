import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { HostedPlugin } from "@gestalt-runtime/sdk/protocol";
import { HostError } from "../../../host/host-error.js";
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
  const hosted = await hostedDifferently(t, way, start, session);
  try {
    return await t.dial(session, hosted);
  } catch (error) {
    if (t.signal.aborted || !(error instanceof HostError)) throw error;
    await t.plugin(await t.session(session.provider));
    t.expect.fail(`the fixture plugin can be reached, but not with ${way}: ${error.message}`);
  }
}

/** The same for what StartPlugin answers, which nobody dials. */
export async function hostedDifferently(
  t: CheckContext,
  way: string,
  start: FixtureStart,
  session: SubjectSession,
): Promise<HostedPlugin> {
  try {
    return await session.startPlugin(t.pluginRequest(start));
  } catch (error) {
    if (t.signal.aborted || !(error instanceof RuntimeProviderError)) throw error;
    await t.plugin(await t.session(session.provider));
    t.expect.fail(
      `the fixture plugin starts, but not with ${way}: StartPlugin failed with ${error.code}: ${JSON.stringify(error.message.slice(0, 400))}`,
    );
  }
}
