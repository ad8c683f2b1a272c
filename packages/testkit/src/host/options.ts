import type { JsonObject } from "@bufbuild/protobuf";
import { checkSource } from "../install/source.js";
import { checkPool, type PoolOptions } from "../agents/pool-options.js";
import type { SandboxOptions } from "../sandbox/index.js";
import { hostTraits, type HostVersion } from "./host-version.js";
import type { HostLimits, HostTimes } from "./times.js";
import { checkAttach } from "./provider-attach.js";
import type { InProcessProvider } from "./provider-in-process.js";
import type { HostTraceOptions } from "./trace.js";
import type { PublicListenerOptions } from "../relay/index.js";

/** What a provider's process is started from: a command, or a package; or where one serves. One is given. */
export interface ProviderSource {
  /** Absolute path of the executable (PROC-4). */
  readonly command?: string;
  /** Of a command; a package's are its `entrypoint.args`. */
  readonly args?: readonly string[];
  /**
   * Absolute path of a `provider-release.yaml`, which is checked, unpacked and verified as the host does it; or of
   * a source manifest, which is run where it lies, with a warning: the real host takes none.
   */
  readonly source?: string;
  /**
   * Absolute path of a socket on which a provider serves, or will: one that you have started with
   * `attachEnvironment`. The host waits for it, takes it as it is, and never ends it. One that was configured before
   * keeps that configuration.
   */
  readonly attach?: string;
  /**
   * Served within this process, over a real socket: for an author's unit tests. The object is served once; a function
   * is called for every instance that the host starts, with the environment that its process would have had.
   */
  readonly provider?: InProcessProvider;
}

/** One entry of `runtime.providers` in the operator's config. */
export interface RuntimeProviderOptions extends ProviderSource {
  /** `env` of its entry. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * What ConfigureProvider carries; absent or empty, the field is left out (LIFE-2). Checked against a package's
   * schema before anything is started (LIFE-3).
   */
  readonly config?: JsonObject;
  /** Used by plugins that name no provider. The only provider of a host is its default anyway. */
  readonly default?: boolean;
  /** Whether it is offered a log host (LOGS-5). Default true. */
  readonly logHost?: boolean;
  /** What the provider itself may reach. A policy that names hosts or denies by default sandboxes it (PROC-10). */
  readonly egress?: EgressOptions;
  /** Runs it in the host's sandbox whatever the policy, or never with `false`. Default: as the policy demands. */
  readonly sandbox?: boolean | SandboxOptions;
}

/** What a plugin or a provider may reach (EGR-1). */
export interface EgressOptions {
  /** Exact names and `*.suffix` patterns. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** For hosts that are not listed. Default: the host's own default, else `allow`. */
  readonly defaultAction?: "allow" | "deny";
}

/** A program that the host has run in a session: a plugin's or an agent's. */
export interface HostedProgram {
  /** Absolute path of its executable on the host's disk. */
  readonly command: string;
  /** Its path inside the package: what an image or a template runs, after `./`. Default: the command's file name. */
  readonly entrypoint?: string;
  /** Arguments of the command. Default: none. */
  readonly args?: readonly string[];
  /** `env` of its entry. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** `execution.runtime`. */
  readonly runtime?: {
    readonly provider?: string;
    readonly image?: string;
    readonly template?: string;
    readonly metadata?: Readonly<Record<string, string>>;
    /** Hosts from 2026-04-30, with an image only (SESS-3). */
    readonly imagePullAuth?: { readonly dockerConfigJson: string };
  };
  /** What it may reach. Default: the host's own default. */
  readonly egress?: EgressOptions;
}

/** One entry of `plugins` in the operator's config, with `execution.mode: hosted`. */
export interface PluginOptions extends HostedProgram {
  /** What IntegrationProvider.StartProvider carries. */
  readonly config?: JsonObject;
  /** The names of its caches; each is a real cache in memory. Default: none. */
  readonly cache?: readonly string[];
}

/** One entry of `agents` in the operator's config, with `execution.mode: hosted`. */
export interface AgentOptions extends HostedProgram {
  /** What ProviderLifecycle.ConfigureProvider carries. */
  readonly config?: JsonObject;
  /** Whether it has an IndexedDB. Default false. */
  readonly indexedDb?: boolean;
  /** How many of it are held ready, and how they are replaced. Default: one. */
  readonly pool?: PoolOptions;
}

/** The operator's config of a fake gestaltd, in plain TypeScript. */
export interface GestaltdOptions extends Pick<HostTraceOptions, "onCall" | "onEvent"> {
  /** By the operator's name. */
  readonly runtimeProviders: Readonly<Record<string, RuntimeProviderOptions>>;
  /** By name. All are started at once, as the host does. */
  readonly plugins?: Readonly<Record<string, PluginOptions>>;
  /** By name. Each is a pool; the host does not start where one of them can't be started. */
  readonly agents?: Readonly<Record<string, AgentOptions>>;
  /** Which gestaltd this is. Default `documented`. */
  readonly hostVersion?: HostVersion;
  /**
   * `server.baseUrl`: services are relayed through it if it is an https URL with neither path nor query, and there is an
   * `encryptionKey` (SUP-3). Default: where `publicListener` listens.
   */
  readonly baseUrl?: string;
  /** `server.encryptionKey`, which tokens are signed with. Default: with a `publicListener` a fresh one. Secret. */
  readonly encryptionKey?: string;
  /**
   * The host's public side. Default: with a `baseUrl` and an `encryptionKey`, in plaintext on any free port of
   * 127.0.0.1, for something in front of it that ends TLS; otherwise there is none.
   */
  readonly publicListener?: PublicListenerOptions;
  /** Of later hosts: where relays and the egress proxy are reached, http or https. Default: at `baseUrl`. */
  readonly relayBaseUrl?: string;
  /** `server.egress`: the default of every plugin's and every provider's own egress. */
  readonly egress?: Pick<EgressOptions, "defaultAction">;
  /** The working directory of the host, and so of its providers. Default: this process's. */
  readonly cwd?: string;
  /** Where directories for sockets are made; keep it short. Default: the system's. */
  readonly tmpDir?: string;
  /** The environment of the operator's shell. Default: this process's. */
  readonly operatorEnv?: Readonly<Record<string, string | undefined>>;
  /** Told of everything that providers write to stdout and stderr. */
  readonly onOutput?: (chunk: Buffer, stream: "stdout" | "stderr", provider: string) => void;
  /** Told of what the real host would not take, or takes otherwise. Default: a line on stderr. */
  readonly onWarning?: (message: string, provider: string) => void;
  /** Default: {@link hostTimes}. */
  readonly times?: Partial<HostTimes>;
  /** Default: {@link hostLimits}. */
  readonly limits?: Partial<HostLimits>;
  /** Aborting it during the start tells the host to end, as SIGTERM does: calls in flight are cancelled (SESS-13). */
  readonly signal?: AbortSignal;
}

/** @throws TypeError that names the field, the fault and the mend */
export function checkOptions(options: GestaltdOptions): void {
  const { runtimeProviders, plugins = {}, agents = {} } = options;
  hostTraits(options.hostVersion);
  const defaults = Object.entries(runtimeProviders).filter(([, provider]) => provider.default === true);
  if (defaults.length > 1)
    throw new TypeError(
      `runtimeProviders: ${defaults.map(([name]) => name).join(" and ")} both have default: true; leave it on one`,
    );
  for (const [name, provider] of Object.entries(runtimeProviders))
    checkProviderSource(`runtimeProviders.${name}.`, provider);
  for (const [name, plugin] of Object.entries(plugins)) checkPlugin(name, plugin, runtimeProviders);
  for (const [name, agent] of Object.entries(agents)) {
    checkProgram(`agents.${name}`, agent, runtimeProviders);
    checkPool(`agents.${name}.pool`, agent.pool);
  }
}

/** @throws TypeError, as {@link checkOptions}; the fields are named with what stands before them */
export function checkProviderSource(
  prefix: string,
  given: ProviderSource & Pick<RuntimeProviderOptions, "sandbox">,
): void {
  const { command, args, source, attach, provider } = given;
  if (attach !== undefined) {
    checkAttach(`${prefix}attach`, attach);
    const other = Object.entries({ command, args, source, provider }).find(
      ([, value]) => value !== undefined,
    )?.[0];
    if (other === undefined) return;
    throw new TypeError(
      `${prefix}${other} is given with ${prefix}attach, which starts nothing; leave one of them out`,
    );
  }
  if (provider !== undefined) {
    const other = Object.entries({ command, args, source }).find(([, value]) => value !== undefined)?.[0];
    if (other !== undefined)
      throw new TypeError(
        `${prefix}${other} is given with ${prefix}provider, which is served in this process; leave one of them out`,
      );
    if (given.sandbox !== undefined && given.sandbox !== false)
      throw new TypeError(
        `${prefix}sandbox is set with ${prefix}provider, which is served in this process and can't be sandboxed; ` +
          `give a command`,
      );
    return;
  }
  if ((command === undefined) === (source === undefined))
    throw new TypeError(
      `${prefix}command and ${prefix}source: ${command === undefined ? "neither" : "both"} are given; give one of them`,
    );
  if (command !== undefined) mustBeAbsolute(`${prefix}command`, command);
  if (source === undefined) return;
  checkSource(`${prefix}source`, source);
  if (args !== undefined)
    throw new TypeError(
      `${prefix}args is given with ${prefix}source; write them into the manifest's entrypoint.args`,
    );
}

/** @throws TypeError, as {@link checkOptions} */
export function checkPlugin(
  name: string,
  plugin: PluginOptions,
  providers: GestaltdOptions["runtimeProviders"],
): void {
  checkProgram(`plugins.${name}`, plugin, providers);
}

function checkProgram(
  field: string,
  { command, runtime = {} }: HostedProgram,
  providers: GestaltdOptions["runtimeProviders"],
): void {
  mustBeAbsolute(`${field}.command`, command);
  if (runtime.imagePullAuth !== undefined && runtime.image === undefined)
    throw new TypeError(
      `${field}.runtime.imagePullAuth is set without an image; set ${field}.runtime.image too`,
    );
  const provider = providerOf(runtime.provider, providers);
  if (provider === undefined)
    throw new TypeError(
      `${field}.runtime.provider is not set and no runtime provider is the default; name one of ` +
        Object.keys(providers).join(", "),
    );
  if (providers[provider] === undefined)
    throw new TypeError(
      `${field}.runtime.provider is ${JSON.stringify(provider)}, which is not in runtimeProviders (` +
        `${Object.keys(providers).join(", ")})`,
    );
}

/** The provider's name that a plugin's entry means. */
export function providerOf(
  named: string | undefined,
  providers: GestaltdOptions["runtimeProviders"],
): string | undefined {
  if (named !== undefined) return named;
  const names = Object.keys(providers);
  return names.length === 1 ? names[0] : names.find((name) => providers[name]?.default === true);
}

function mustBeAbsolute(field: string, path: string): void {
  if (!path.startsWith("/"))
    throw new TypeError(`${field} ${JSON.stringify(path)} is not an absolute path; resolve it first`);
}
