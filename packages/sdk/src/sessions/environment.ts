import { bindingEnvironment } from "../host-services/index.js";
import type { StringMap } from "../provider/types.js";

/** The names that a plugin may have from the provider's own environment; nothing else leaks in (PLUG-2). */
const safeNames = ["PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"] as const;

/** The safe base: what is set of the provider's PATH, LANG, TZ, SSL_CERT_FILE and SSL_CERT_DIR (PLUG-2). */
export function safeBaseEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const base: Record<string, string> = {};
  for (const name of safeNames) {
    const value = env[name];
    if (value !== undefined) base[name] = value;
  }
  return base;
}

/** The parts of a plugin's environment. */
export interface EnvironmentParts {
  /** The safe base, the guest's own variables included. */
  readonly base: StringMap;
  /** The request's variables. */
  readonly request: StringMap;
  /** Dial targets of bound host services by variable. */
  readonly bindings: ReadonlyMap<string, string>;
  /** Path of the plugin's listener inside the guest. */
  readonly listener: string;
  /** The value of `GESTALT_PLUGIN_NAME` (PLUG-3). */
  readonly pluginName: string;
}

/**
 * Puts a plugin's environment together, later parts winning: base, request, bindings, listener (PLUG-2, PLUG-3).
 *
 * `GESTALT_PLUGIN_PARENT_PID` is taken out: its value would be the parent's id inside the guest, which the
 * request can't know, and official SDKs end the plugin when it is wrong.
 */
export function pluginEnvironment(parts: EnvironmentParts): Record<string, string> {
  const env: Record<string, string> = {
    ...parts.base,
    ...parts.request,
    ...bindingEnvironment(parts.bindings),
  };
  delete env.GESTALT_PLUGIN_PARENT_PID;
  env.GESTALT_PLUGIN_SOCKET = parts.listener;
  env.GESTALT_PLUGIN_NAME = parts.pluginName;
  return env;
}
