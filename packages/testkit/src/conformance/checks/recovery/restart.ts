import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";
import type { CheckContext } from "../../check/context.js";
import type { SubjectProvider } from "../../subject/provider.js";

/** Ends a provider, and starts the next one where that one was. It is configured. */
export async function restart(
  t: CheckContext,
  { instance }: SubjectProvider,
  how: "SIGKILL" | "SIGTERM",
): Promise<SubjectProvider> {
  if (how === "SIGKILL") await instance.kill();
  await instance.shutdown();
  return t.provider();
}

/** What a session is to a provider; `undefined` where there is none, or it was stopped. */
export async function lookUp(
  { runtime }: SubjectProvider,
  sessionId: string,
): Promise<PluginRuntimeSession | undefined> {
  try {
    const session = await runtime.getSession({ sessionId });
    return session.state === "stopped" ? undefined : session;
  } catch (error) {
    if (error instanceof RuntimeProviderError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** Ends the plugin and all it started from outside, as the machine's own killer would. */
export function killPlugins(t: CheckContext): void {
  for (const { pid } of t.place.pluginProcesses())
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
}
