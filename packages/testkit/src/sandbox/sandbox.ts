import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  createEgressProxy,
  egressPolicy,
  type EgressPolicyFields,
  type EgressProxy,
} from "@gestalt-runtime/sdk/egress";
import { chooseEnforcement, type EnforcementKind } from "./enforcement.js";
import type { Launcher } from "./launch.js";
import { sandboxRules, type SandboxRules, type TcpListen } from "./rules.js";

/** How the host's sandbox is made. */
export interface SandboxOptions {
  /**
   * How the rules are enforced. Default: `landlock` as on the host where kernel and machine have it, else
   * `bubblewrap`, which shows the same view but says "missing" where the host says "denied".
   */
  readonly enforcement?: EnforcementKind;
  /** Default `allowed`, as PROC-10 has it; `refused` tries a provider under the stricter reading. */
  readonly tcpListen?: TcpListen;
}

export interface OpenSandboxOptions extends SandboxOptions {
  /** Absolute path of the program that is to run in it. */
  readonly program: string;
  /** The folder of its socket; it must exist. */
  readonly socketFolder: string;
  /** What the proxy lets through. Default: nothing. */
  readonly egress?: Partial<EgressPolicyFields>;
  /** Where its private TMPDIR is made. Default: the system's. */
  readonly tmpDir?: string;
}

/** How long the host's own proxy lets a tunnel live (EGR-3). */
const tunnelTimeoutMs = 600_000;

/** The host's sandbox around one process of a provider (PROC-10). */
export interface Sandbox {
  /** What enforces the rules here. */
  readonly enforcement: EnforcementKind;
  /** What the process may do. */
  readonly rules: SandboxRules;
  /** What the process finds in its environment beside the rest: TMPDIR, HTTP_PROXY and HTTPS_PROXY. */
  readonly environment: Readonly<Record<"TMPDIR" | "HTTP_PROXY" | "HTTPS_PROXY", string>>;
  /** @internal */
  readonly launch: Launcher;
  /** Ends the proxy and removes the private TMPDIR. The process is the caller's to end before. */
  close(): Promise<void>;
}

/**
 * Makes the sandbox for one process: its private TMPDIR, its filtering proxy, its rules.
 *
 * @throws {@link SandboxUnavailableError} where the rules can't be enforced: never does a program run without them
 */
export async function openSandbox(options: OpenSandboxOptions): Promise<Sandbox> {
  const makeLauncher = chooseEnforcement(options.enforcement, options.tcpListen);
  const { allowedHosts = [], defaultAction = "deny" } = options.egress ?? {};
  const tmp = await mkdtemp(join(options.tmpDir ?? tmpdir(), "gst-"));
  const removeTmp = (): Promise<void> => rm(tmp, { recursive: true, force: true });
  try {
    const proxy = await createEgressProxy({
      policy: egressPolicy({ allowedHosts, defaultAction }),
      limits: { tunnelTimeoutMs },
    });
    const port = portOf(proxy);
    const rules = sandboxRules({
      programFolder: dirname(options.program),
      writableFolders: [options.socketFolder, tmp],
      proxyPort: port,
      ...(options.tcpListen === undefined ? {} : { tcpListen: options.tcpListen }),
    });
    const url = `http://127.0.0.1:${port}`;
    return {
      enforcement: makeLauncher.kind,
      rules,
      environment: { TMPDIR: tmp, HTTP_PROXY: url, HTTPS_PROXY: url },
      launch: makeLauncher.launcher(rules),
      close: async () => {
        await proxy.close();
        await removeTmp();
      },
    };
  } catch (error) {
    await removeTmp();
    throw error;
  }
}

function portOf({ address }: EgressProxy): number {
  if ("port" in address) return address.port;
  throw new Error(`the proxy listens at ${address.path}, and not on a port`);
}
