import type { JsonObject } from "@bufbuild/protobuf";
import type { InstalledProvider } from "../install/index.js";
import { InstallRefusedError } from "../install/refusal.js";
import { HostError } from "./host-error.js";
import type { ProviderSource } from "./options.js";
import type { HostTrace } from "./trace.js";

export interface InstallSourceOptions extends Pick<ProviderSource, "source"> {
  readonly name?: string;
  readonly config?: JsonObject;
  readonly tmpDir?: string;
  readonly trace?: HostTrace;
  readonly onWarning?: (message: string) => void;
}

/**
 * Installs the package that a provider's source names, and tells of what the real host would not take; `undefined`
 * for a provider that is given as a command.
 *
 * @throws {@link HostError} `install-refused` or `config-refused`
 */
export async function installSource({
  source,
  name = "runtime",
  config,
  tmpDir,
  trace,
  onWarning = (message) => process.stderr.write(`gestaltd: runtime provider ${name}: ${message}\n`),
}: InstallSourceOptions): Promise<InstalledProvider | undefined> {
  if (source === undefined) return undefined;
  // Only here: what reads packages is much, and most hosts are given commands.
  const { installProvider } = await import("../install/index.js");
  try {
    const installed = await installProvider({ source, name, config, tmpDir });
    for (const message of installed.warnings) {
      trace?.note(name, 0, { type: "warning", message });
      onWarning(message);
    }
    return installed;
  } catch (cause) {
    if (!(cause instanceof InstallRefusedError)) throw cause;
    throw new HostError(
      cause.part === "config" ? "config-refused" : "install-refused",
      `the runtime provider ${JSON.stringify(name)} is not started: ${cause.message}`,
      { cause },
    );
  }
}
