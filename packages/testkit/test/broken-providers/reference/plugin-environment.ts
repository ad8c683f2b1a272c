import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { StartHostedPluginRequest } from "@gestalt-runtime/sdk/protocol";
import type { Session } from "./reference.js";

/** The plugin's whole environment, later parts winning (PLUG-2, PLUG-3, BIND-2, BIND-3). */
export function pluginEnvironment(
  session: Session,
  request: StartHostedPluginRequest,
  socketPath: string,
): Record<string, string> {
  const base: Record<string, string> = {};
  for (const name of ["PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"]) {
    const value = process.env[name];
    if (value !== undefined) base[name] = value;
  }
  for (const name of ["HOME", "TMPDIR"]) {
    const folder = join(session.directory, name.toLowerCase());
    mkdirSync(folder, { recursive: true });
    base[name] = folder;
  }
  const bindings = [...session.bindings].map(([name, target]) => [name, target.replace(/^unix:\/\//, "")]);
  return {
    ...base,
    ...request.env,
    ...(Object.fromEntries(bindings) as Record<string, string>),
    GESTALT_PLUGIN_SOCKET: socketPath,
    GESTALT_PLUGIN_NAME: request.pluginName,
  };
}
