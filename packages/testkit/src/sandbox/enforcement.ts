import { bubblewrapLauncher, bubblewrapSupport } from "./bubblewrap.js";
import { landlockLauncher, landlockSupport } from "./landlock.js";
import type { Launcher } from "./launch.js";
import type { SandboxRules, TcpListen } from "./rules.js";

/** `landlock` refuses as the host does; `bubblewrap` shows a view in which the rest is missing. */
export type EnforcementKind = "landlock" | "bubblewrap";

/** A way to enforce rules on a program, found to work here. */
export interface Enforcement {
  readonly kind: EnforcementKind;
  launcher(rules: SandboxRules): Launcher;
}

/** The host's sandbox can't be had on this machine. */
export class SandboxUnavailableError extends Error {
  override readonly name = "SandboxUnavailableError";
}

/** @throws {@link SandboxUnavailableError} with what is missing, and what to install */
export function chooseEnforcement(wanted?: EnforcementKind, tcpListen: TcpListen = "allowed"): Enforcement {
  const reasons: string[] = [];
  if (wanted !== "bubblewrap") {
    const support = landlockSupport();
    if (support.available) return { kind: "landlock", launcher: (rules) => landlockLauncher(rules, support) };
    reasons.push(`Landlock: ${support.reason}`);
  }
  if (wanted !== "landlock") {
    const support =
      tcpListen === "refused"
        ? { available: false as const, reason: "it can't refuse TCP listeners (tcpListen: refused)" }
        : bubblewrapSupport();
    if (support.available)
      return { kind: "bubblewrap", launcher: (rules) => bubblewrapLauncher(rules, support) };
    reasons.push(`bubblewrap: ${support.reason}`);
  }
  throw new SandboxUnavailableError(
    `the host's sandbox can't be had on this machine, and the provider is not started without it. ` +
      `${reasons.join(". ")}. Use Linux 6.10 or newer with perl, or install the package bubblewrap`,
  );
}
