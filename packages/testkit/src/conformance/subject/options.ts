import type { JsonObject } from "@bufbuild/protobuf";
import type { Declarations } from "./profile.js";

/** The provider that is checked, and what it has to be given. One of `command`, `source` and `attach` is set. */
export interface SubjectOptions {
  /** Absolute path of its executable. */
  readonly command?: string;
  /** Arguments of the command. Default: none. */
  readonly args?: readonly string[];
  /** Absolute path of a `provider-release.yaml` or of a source manifest. */
  readonly source?: string;
  /** Absolute path of the socket of a provider that already runs. */
  readonly attach?: string;
  /** The operator's name for it. Default `conformance`. */
  readonly name?: string;
  /** What ConfigureProvider carries. Default: nothing. */
  readonly config?: JsonObject;
  /** `env` of its entry in the operator's config. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Configs that have to be refused, with the paths that the refusal has to name (LIFE-3). */
  readonly invalidConfig?: readonly InvalidConfig[];
  /** What every StartSession carries. */
  readonly session?: SessionHints;
  /** The fixture plugin as the guest sees it, where it is not this machine's. */
  readonly plugin?: PluginPlace;
  /** Where guests find what the suite serves, for checks of egress policies. */
  readonly egress?: EgressPlace;
  /** What no call can tell. */
  readonly declares?: Partial<Declarations>;
}

/** A config that a provider has to refuse (LIFE-3). */
export interface InvalidConfig {
  /** What ConfigureProvider carries. */
  readonly config: JsonObject;
  /** Such as `/region` or `region`; all of them must stand in the refusal. */
  readonly paths: readonly string[];
}

/** What an operator would set for a plugin's sessions (SESS-2, SESS-3). */
export interface SessionHints {
  /** The image that holds the fixture plugin. Default: none. */
  readonly image?: string;
  /** The template that holds it. Default: none. */
  readonly template?: string;
  /** Credentials for the image. */
  readonly imagePullAuth?: {
    /** The text of a Docker config; shown in no report. */
    readonly dockerConfigJson: string;
  };
  /** Entries beside those that the host adds. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Where the fixture plugin is inside a guest. */
export interface PluginPlace {
  /** Path of the fixture plugin inside the guest. Default: the testkit's own on this machine. */
  readonly command: string;
  /** Before the arguments of a check, for a command that is an interpreter. Default: none. */
  readonly args?: readonly string[];
  /** What it needs in its environment. Default: nothing. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What an egress policy is checked against (EGR). */
export interface EgressPlace {
  /**
   * Name or address of this machine as guests without a policy, and the runtime's proxy, reach it. Default: its first
   * IPv4 address that is no loopback one, else 127.0.0.1.
   */
  readonly originHost?: string;
}
