import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { fixturePlugin } from "../../plugins/launch.js";
import type { AtStart } from "../../plugins/at-start.js";
import { ProviderInstance, type ProviderInstanceOptions } from "../../host/provider-instance.js";
import type { HostTrace } from "../../host/trace.js";
import type { InstalledProvider } from "../../install/index.js";
import type { Place } from "../leftovers/place.js";
import type { SuiteTimes } from "./limits.js";
import type { InvalidConfig, SubjectOptions } from "./options.js";
import type { Declarations } from "./profile.js";

/** How one process of the subject differs from the usual one. */
export type SpawnOverrides = Omit<
  ProviderInstanceOptions,
  "command" | "args" | "source" | "tmpDir" | "trace"
>;

/** The provider that is checked: a program that can be started as often as needed, or one that already runs. */
export class Subject {
  readonly mode: "spawn" | "attach";
  readonly name: string;
  readonly declares: Declarations;
  /** Configs that it must refuse. */
  readonly invalidConfig: readonly InvalidConfig[];

  private constructor(
    readonly options: SubjectOptions,
    readonly times: SuiteTimes,
    /** Absolute path of the program; undefined when attached. */
    readonly command: string | undefined,
    readonly args: readonly string[],
    readonly installed: InstalledProvider | undefined,
    /** The package's config schema, as text. */
    readonly configSchema: string | undefined,
  ) {
    this.mode = options.attach === undefined ? "spawn" : "attach";
    this.name = options.name ?? "conformance";
    this.declares = { outlives: false, remote: false, ...options.declares };
    this.invalidConfig = options.invalidConfig ?? [];
  }

  /** Installs a package once for the whole run, as the host would for each start. */
  static async open(options: SubjectOptions, times: SuiteTimes): Promise<Subject> {
    const { command, args = [], source, attach } = options;
    const given = [command, source, attach].filter((one) => one !== undefined).length;
    if (given !== 1) throw new TypeError("give one of provider.command, provider.source and provider.attach");
    if (source === undefined) return new Subject(options, times, command, args, undefined, undefined);
    const { installProvider } = await import("../../install/index.js");
    const installed = await installProvider({
      source,
      name: options.name ?? "conformance",
      config: options.config,
    });
    const schema = installed.manifest.spec?.configSchemaPath;
    const text = schema === undefined ? undefined : await readFile(join(installed.folder, schema), "utf8");
    return new Subject(options, times, installed.command, installed.args, installed, text);
  }

  get config(): JsonObject | undefined {
    return this.options.config;
  }

  /** Starts one process of it as the host does, in the check's own place; or takes hold of the one that runs. */
  async spawn(place: Place, trace: HostTrace, overrides: SpawnOverrides = {}): Promise<ProviderInstance> {
    const { PATH, HOME, LANG, TZ, SSL_CERT_FILE, SSL_CERT_DIR } = process.env;
    const { attach } = this.options;
    const times = { providerStartMs: this.times.startMs, ...overrides.times };
    const { config, name } = this;
    if (attach !== undefined)
      return ProviderInstance.attach({ attach, name, trace, times, ...(config && { config }) });
    const instance = await ProviderInstance.spawn({
      command: this.#program(),
      args: this.args,
      name,
      tmpDir: place.directory,
      trace,
      operatorEnv: { PATH, HOME, LANG, TZ, SSL_CERT_FILE, SSL_CERT_DIR, TMPDIR: place.directory },
      onWarning: () => undefined,
      ...(config && { config }),
      ...overrides,
      times,
      env: { ...place.providerEnv, ...this.options.env, ...overrides.env },
    });
    place.ofSuite(instance.directory);
    return instance;
  }

  /** The fixture plugin as this provider's guests see it, as StartPlugin's command and args. */
  plugin(
    args: readonly string[] = [],
    atStart: readonly AtStart[] = [],
  ): { command: string; args: string[] } {
    const fixture = fixturePlugin({ args, atStart });
    const place = this.options.plugin;
    if (place === undefined) return fixture;
    return { command: place.command, args: [...(place.args ?? []), ...fixture.args] };
  }

  async close(): Promise<void> {
    await this.installed?.remove();
  }

  #program(): string {
    if (this.command !== undefined) return this.command;
    throw new Error(
      'a check that starts a provider ran against an attached one; it needs the condition "spawned"',
    );
  }
}
