import { chooseEnforcement, openSandbox, SandboxUnavailableError, type Sandbox } from "../sandbox/index.js";
import { HostError } from "./host-error.js";
import { needsHostnameEgress } from "./hosting-plan.js";
import type { RuntimeProviderOptions } from "./options.js";

/** Whether the host runs a provider in its sandbox (PROC-10). */
export function isSandboxed({
  sandbox,
  egress,
}: Pick<RuntimeProviderOptions, "egress" | "sandbox">): boolean {
  return sandbox === undefined ? needsHostnameEgress(egress) : sandbox !== false;
}

/** @throws {@link HostError} `sandbox-unavailable` where a provider would be sandboxed and can't be here */
export function mustHaveSandbox(options: Pick<RuntimeProviderOptions, "egress" | "sandbox">): void {
  const { enforcement, tcpListen } = typeof options.sandbox === "object" ? options.sandbox : {};
  try {
    if (isSandboxed(options)) chooseEnforcement(enforcement, tcpListen);
  } catch (error) {
    throw unavailable(error);
  }
}

export interface ProviderSandboxOptions extends Pick<RuntimeProviderOptions, "egress" | "sandbox"> {
  readonly command: string;
  readonly socketFolder: string;
  readonly tmpDir?: string;
}

/**
 * The host's sandbox for one process of a provider; `undefined` where it runs in the open.
 *
 * @throws {@link HostError} `sandbox-unavailable`
 */
export async function openProviderSandbox(options: ProviderSandboxOptions): Promise<Sandbox | undefined> {
  if (!isSandboxed(options)) return undefined;
  const { command, socketFolder, egress, sandbox, tmpDir } = options;
  try {
    return await openSandbox({
      ...(typeof sandbox === "object" ? sandbox : {}),
      program: command,
      socketFolder,
      ...(egress === undefined ? {} : { egress }),
      ...(tmpDir === undefined ? {} : { tmpDir }),
    });
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(cause: unknown): unknown {
  if (!(cause instanceof SandboxUnavailableError)) return cause;
  return new HostError("sandbox-unavailable", cause.message, { cause });
}
