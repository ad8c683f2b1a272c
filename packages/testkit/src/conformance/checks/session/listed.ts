import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";
import type { SubjectProvider } from "../../subject/provider.js";

/** What ListSessions answers; undefined where it is UNIMPLEMENTED, which the host tolerates (SESS-7). */
export async function listed(provider: SubjectProvider): Promise<PluginRuntimeSession[] | undefined> {
  try {
    return (await provider.runtime.listSessions({})).sessions;
  } catch (error) {
    if (error instanceof RuntimeProviderError && error.code === "UNIMPLEMENTED") return undefined;
    throw error;
  }
}
