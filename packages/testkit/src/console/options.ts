import type { PluginOptions, RuntimeProviderOptions } from "../host/index.js";
import type { BuildCommand } from "./build.js";

/** What is to be hosted, and how. */
export interface ConsoleOptions {
  /** The operator's name for the provider. */
  readonly providerName: string;
  readonly provider: RuntimeProviderOptions;
  /** The plugin that is hosted at the start, and that `host` makes more of. */
  readonly pluginName: string;
  readonly plugin: PluginOptions;
  /** Short, and this console's own: all that the host makes is below it. */
  readonly tmpDir: string;
  /** Starts the provider with Node.js's debugger on. */
  readonly inspect?: InspectOptions | undefined;
  /** Tells every call of the host. */
  readonly trace: boolean;
  /** Starts it again when files change. */
  readonly watch?: WatchOptions | undefined;
}

export interface InspectOptions {
  /** `host:port` or a port as Node.js takes it; 0 is any free port. */
  readonly address: string;
  /** Whether the program waits for the debugger before its first line. */
  readonly breakAtStart: boolean;
}

export interface WatchOptions {
  /** Absolute path; changed files are told relative to it. */
  readonly folder: string;
  /** Absolute paths of folders, without what is built or installed in them, and of files whatever they are. */
  readonly paths: readonly string[];
  /** Run before each start. */
  readonly build?: BuildCommand;
}
