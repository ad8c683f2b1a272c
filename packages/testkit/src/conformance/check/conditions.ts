import { noSupport, type KnownProfile, type Profile } from "../subject/profile.js";

/** Something that a check or a requirement presupposes, decided by the advertised profile or the run mode alone. */
export interface Condition {
  /** As it completes "applies to ...". */
  readonly applies: string;
  /** Why a check is skipped when it does not hold. */
  readonly skipped: string;
  /** Whether GetSupport decides it. */
  readonly ofSupport?: true;
  readonly holds: (profile: KnownProfile) => boolean;
}

/** All conditions by name. What a machine lacks is none: that is a failure with its reason (`t.missing`). */
export const conditions = {
  spawned: {
    applies: "providers that the suite starts itself",
    skipped: "needs a provider of its own, and --attach has one that somebody else started",
    holds: ({ mode }) => mode === "spawn",
  },
  "hosts-plugins": {
    applies: "runtimes that can host plugins",
    skipped: "the provider says can_host_plugins = false",
    ofSupport: true,
    holds: ({ support }) => support.canHostPlugins,
  },
  "hosts-no-plugins": {
    applies: "runtimes that can't host plugins",
    skipped: "the provider says can_host_plugins = true",
    ofSupport: true,
    holds: ({ support }) => !support.canHostPlugins,
  },
  "direct-services": {
    applies: "runtimes that offer the host's sockets inside their sessions (DIRECT)",
    skipped: "the provider does not say host_service_access DIRECT",
    ofSupport: true,
    holds: ({ support }) => support.hostServiceAccess === "direct",
  },
  "relayed-services": {
    applies: "runtimes whose host services are relayed",
    skipped: "the provider says host_service_access DIRECT",
    ofSupport: true,
    holds: ({ support }) => support.hostServiceAccess !== "direct",
  },
  "hostname-egress": {
    applies: "runtimes that enforce allowed hosts by name (HOSTNAME)",
    skipped: "the provider does not say egress_mode HOSTNAME",
    ofSupport: true,
    holds: ({ support }) => support.egressMode === "hostname",
  },
  workspaces: {
    applies: "runtimes that prepare workspaces",
    skipped: "the provider says supports_prepare_workspace = false",
    ofSupport: true,
    holds: ({ support }) => support.preparesWorkspaces,
  },
  "without-workspaces": {
    applies: "runtimes that prepare no workspaces",
    skipped: "the provider says supports_prepare_workspace = true",
    ofSupport: true,
    holds: ({ support }) => !support.preparesWorkspaces,
  },
  "outlives-provider": {
    applies: "runtimes whose sessions outlive the provider's process (declares.outlives: true)",
    skipped: "the config does not declare that sessions outlive the provider (declares.outlives)",
    holds: ({ declares }) => declares.outlives,
  },
  "ends-with-provider": {
    applies: "runtimes whose sessions end with the provider's process",
    skipped: "the config declares that sessions outlive the provider (declares.outlives)",
    holds: ({ declares }) => !declares.outlives,
  },
  "local-processes": {
    applies: "runtimes whose plugins are processes of this machine",
    skipped: "the config declares that plugins run elsewhere (declares.remote)",
    holds: ({ declares }) => !declares.remote,
  },
  "self-contained": {
    applies: "providers whose program is a self-contained executable",
    skipped:
      "the provider's program is a script or lies elsewhere, which the host's sandbox does not start at all; check the executable of its package",
    holds: ({ isSelfContained }) => isSelfContained,
  },
  "config-schema": {
    applies: "providers whose config has a schema, or an example of a wrong config (invalidConfig)",
    skipped: "neither the package names a config schema nor the suite's config gives an invalidConfig",
    holds: ({ hasInvalidConfig }) => hasInvalidConfig,
  },
} as const satisfies Record<string, Condition>;

/** The name of a condition. */
export type ConditionName = keyof typeof conditions;

const all: Readonly<Record<ConditionName, Condition>> = conditions;

/** What stands against a check; `undefined`: nothing does. `unknown`: GetSupport did not answer, so nobody can tell. */
export function unmet(
  names: readonly ConditionName[],
  profile: Profile,
): { readonly reason: string } | "unknown" | undefined {
  const { support } = profile;
  // What is known for certain comes first: the mode of the run and the config.
  for (const name of names)
    if (all[name].ofSupport !== true && !all[name].holds({ ...profile, support: support ?? noSupport }))
      return { reason: all[name].skipped };
  for (const name of names) {
    if (all[name].ofSupport !== true) continue;
    if (support === undefined) return "unknown";
    if (!all[name].holds({ ...profile, support })) return { reason: all[name].skipped };
  }
  return undefined;
}
