import { formatPlatform } from "../lint/platform.js";
import type { ArtifactKind, PackagedArchive } from "./types.js";

export interface WarningFacts {
  readonly artifact: ArtifactKind;
  readonly archives: readonly PackagedArchive[];
  /** Modules that the program loads where they are there. */
  readonly missing: ReadonlySet<string>;
  /** What the bundler thinks is odd, by place. */
  readonly oddities: ReadonlySet<string>;
  /** What is in the archives without a text of its licence. */
  readonly unlicensed: ReadonlySet<string>;
}

/** What an author should know about a release that was made. */
export function warningsOf({ artifact, archives, missing, oddities, unlicensed }: WarningFacts): string[] {
  const warnings: string[] = [];
  if (artifact === "script")
    warnings.push(
      "a script can't start in the host's sandbox (PROC-10), which the host uses where the operator denies egress by default or sets egress.allowedHosts for this provider: it ends with \"permission denied\"; for those operators, package with --artifact executable",
    );
  for (const { platform, started } of archives)
    if (!started) {
      const name = formatPlatform(platform);
      warnings.push(
        `the executable for ${name} can't run on this machine: it was not started, and has no code cache, so it starts slower; start it once on ${name} before you publish it`,
      );
    }
  warnings.push(...oddities);
  if (missing.size > 0)
    warnings.push(
      `the program does without ${[...missing].sort().join(", ")}, which it loads only where it is installed; nothing is installed beside a package`,
    );
  if (unlicensed.size > 0)
    warnings.push(
      `these come without a text of their licence: ${[...unlicensed].sort().join(", ")}; look up on what terms you may pass them on`,
    );
  return warnings;
}
