import {
  PluginRuntimeEgressMode,
  PluginRuntimeHostServiceAccess,
  type PluginRuntimeSupport,
} from "@gestalt-runtime/sdk/protocol";

/** What GetSupport says, in plain words. */
export interface AdvertisedSupport {
  readonly canHostPlugins: boolean;
  /** `none` stands for UNSPECIFIED too: they are the same to the host (SUP-3). */
  readonly hostServiceAccess: "direct" | "none";
  readonly egressMode: "none" | "cidr" | "hostname";
  readonly preparesWorkspaces: boolean;
}

/** What the author says of the provider, because no call can tell. */
export interface Declarations {
  /** Its sessions outlive its process (REC-1). Default false. */
  readonly outlives: boolean;
  /** Its plugins run on another machine, so that their processes can't be seen from here. Default false. */
  readonly remote: boolean;
}

/** What decides which checks apply. */
export interface Profile {
  readonly mode: "spawn" | "attach";
  /** Undefined when GetSupport could not be asked or did not answer. */
  readonly support: AdvertisedSupport | undefined;
  readonly declares: Declarations;
  /** Whether a config that has to be refused is known. */
  readonly hasInvalidConfig: boolean;
  /**
   * What a first look found of the fixture plugin: StartPlugin was answered, and its target never got ready. All that
   * needs a plugin is blocked then, without a wait of its own. Undefined where nothing is known against it.
   */
  readonly pluginFault?: string | undefined;
  /** Whether the program needs nothing of the machine but its own folder; false where it is not known. */
  readonly isSelfContained: boolean;
}

/** A profile whose support was answered. */
export type KnownProfile = Profile & { readonly support: AdvertisedSupport };

/** What a provider promises that has promised nothing. */
export const noSupport: AdvertisedSupport = {
  canHostPlugins: false,
  hostServiceAccess: "none",
  egressMode: "none",
  preparesWorkspaces: false,
};

export function advertised(support: PluginRuntimeSupport): AdvertisedSupport {
  const { HOSTNAME, CIDR } = PluginRuntimeEgressMode;
  return {
    canHostPlugins: support.canHostPlugins,
    hostServiceAccess:
      support.hostServiceAccess === PluginRuntimeHostServiceAccess.DIRECT ? "direct" : "none",
    egressMode: support.egressMode === HOSTNAME ? "hostname" : support.egressMode === CIDR ? "cidr" : "none",
    preparesWorkspaces: support.supportsPrepareWorkspace,
  };
}
