import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import type { RunOptions } from "../console/run.js";
import { wantsColour } from "./colour.js";
import { UsageError, type AddSubcommand } from "./subcommand.js";

type Pairs = Readonly<Record<string, string>>;

interface Flags {
  readonly attach?: string;
  readonly name: string;
  readonly config?: string;
  readonly env: Pairs;
  readonly sandbox?: true;
  readonly plugin?: string;
  readonly pluginName: string;
  readonly pluginArg: readonly string[];
  readonly pluginEnv: Pairs;
  readonly pluginConfig?: string;
  readonly image?: string;
  readonly template?: string;
  readonly metadata: Pairs;
  readonly cache: readonly string[];
  readonly call?: string;
  readonly params?: string;
  readonly command: readonly string[];
  readonly follow?: true;
  readonly trace?: true;
  readonly json?: true;
  readonly watch?: true;
  readonly build?: string;
  readonly inspect?: string | true;
  readonly inspectBrk?: string | true;
}

/** `gestalt-runtime host`: a fake gestaltd in one's own hands. */
export const addHost: AddSubcommand = (program, exitsWith) => {
  program
    .command("host")
    .description("host a plugin through a provider, as gestaltd does, and talk to it")
    .usage("[options] [manifest.yaml | provider-release.yaml | folder | -- program args...]")
    .argument("[subject...]", "what to start; default: the manifest in this folder")
    .option("--attach <socket>", "start nothing: take the provider that serves there, or will")
    .option("--name <name>", "the operator's name for the provider", "runtime")
    .option("--config <yaml|@file>", "the operator's config of the provider")
    .option("--env <name=value>", "a variable of the provider's entry; may be repeated", pair, {})
    .option("--sandbox", "run the provider in the host's sandbox")
    .option("--plugin <program>", "the plugin to host; default: the testkit's own")
    .option("--plugin-name <name>", "its name", "example")
    .option("--plugin-arg <arg>", "an argument of it; may be repeated", list, [])
    .option("--plugin-env <name=value>", "a variable of it; may be repeated", pair, {})
    .option("--plugin-config <yaml|@file>", "the operator's config of the plugin")
    .option("--image <image>", "image hint of its session")
    .option("--template <template>", "template hint of its session")
    .option("--metadata <name=value>", "metadata of its session; may be repeated", pair, {})
    .option("--cache <name>", "a cache that it may use; may be repeated; default: main", list, [])
    .option("--call <operation>", "call that, print the answer, stop")
    .option("--params <json|@file>", "with --call: the parameters, a JSON object")
    .option("-c, --command <line>", "run that command, stop; may be repeated", list, [])
    .option("--follow", "print log lines until it is interrupted, instead of taking commands")
    .option("--trace", "print every call of the host")
    .option("--json", "print one JSON object on each line")
    .option("--watch", "build, and start again, whenever a file of the provider changes")
    .option(
      "--build <command>",
      "with --watch: how to build; default: the manifest's or package.json's build",
    )
    .option("--inspect [host:port]", "start the provider with Node.js's debugger; default 127.0.0.1:9229")
    .option("--inspect-brk [host:port]", "the same, and wait for it before the first line")
    .addHelpText(
      "after",
      `
On a terminal it is a prompt: help lists the commands. Else it takes commands from its standard input, one on each
line. With --inspect, --inspect-brk and --attach the host waits a day for each answer, so breakpoints break nothing.
Exit codes: 0 all went well, 1 a call or a command failed, or an operation answered 400 or more, 2 called wrongly, 3 the
provider did not start or the plugin could not be hosted, 129, 130 or 143 after SIGHUP, SIGINT or SIGTERM.

  gestalt-runtime host
  gestalt-runtime host --call echo --params '{"a":1}' release/provider-release.yaml
  gestalt-runtime host --watch --inspect
  gestalt-runtime host -c 'call echo a=1' -c sessions --json -- ./dist/my-runtime.mjs
  gestalt-runtime host --attach /tmp/p.sock`,
    )
    .action(
      exitsWith(async (subject: readonly string[], flags: Flags) => {
        const options = await toOptions(subject, flags);
        const { runConsole } = await import("../console/run.js");
        return runConsole(options);
      }),
    );
};

async function toOptions(words: readonly string[], flags: Flags): Promise<RunOptions> {
  mustFit(words, flags);
  const { findSubject, watchOptions } = await import("../console/subject.js");
  const { readObject } = await import("../console/given.js");
  const { fixturePlugin } = await import("../plugins/launch.js");
  const attach = flags.attach === undefined ? undefined : resolve(flags.attach);
  const subject = await wronglyCalled("", () => findSubject(words, attach));
  const read = async (flag: string, text: string | undefined) =>
    text === undefined ? undefined : wronglyCalled(`${flag}: `, () => readObject(text));
  const config = await read("--config", flags.config);
  const pluginConfig = await read("--plugin-config", flags.pluginConfig);
  const params = await read("--params", flags.params);
  const watch = flags.watch && (await wronglyCalled("--watch: ", () => watchOptions(subject, flags.build)));
  const plugin = flags.plugin === undefined ? fixturePlugin().command : resolve(flags.plugin);
  if (!existsSync(plugin)) throw new UsageError(`--plugin: there is no ${plugin}; build it, or name another`);
  const { image, template, call, command } = flags;
  return {
    providerName: flags.name,
    provider: {
      ...subject.provider,
      env: flags.env,
      ...(config !== undefined && { config }),
      ...(flags.sandbox && { sandbox: true }),
    },
    pluginName: flags.pluginName,
    plugin: {
      command: plugin,
      args: flags.pluginArg,
      env: flags.pluginEnv,
      cache: flags.cache.length === 0 ? ["main"] : flags.cache,
      ...(pluginConfig !== undefined && { config: pluginConfig }),
      runtime: {
        metadata: flags.metadata,
        ...(image !== undefined && { image }),
        ...(template !== undefined && { template }),
      },
    },
    inspect: inspectOf(flags),
    ...(watch !== undefined && { watch }),
    trace: flags.trace === true,
    commands: call === undefined ? command : [...command, `call ${call} ${JSON.stringify(params ?? {})}`],
    stay: flags.follow === true,
    json: flags.json === true,
    colour: { out: wantsColour(process.stdout), err: wantsColour(process.stderr) },
  };
}

/** What is found to be wrong with what was given is for the caller to mend. */
async function wronglyCalled<T>(prefix: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${prefix}${text}`, { cause: error });
  }
}

function mustFit(subject: readonly string[], flags: Flags): void {
  const { attach, inspect, inspectBrk, watch, sandbox, build, params, call } = flags;
  const refuse = (text: string): never => {
    throw new UsageError(text);
  };
  if (params !== undefined && call === undefined) refuse("--params: there is no --call that it belongs to");
  if (build !== undefined && !watch) refuse("--build: nothing is built without --watch");
  if (inspect !== undefined && inspectBrk !== undefined)
    refuse("--inspect and --inspect-brk: give one of them");
  if (attach === undefined) return;
  if (subject.length > 0) refuse(`--attach starts nothing; leave out ${subject.join(" ")}`);
  for (const [flag, isGiven] of [
    ["--inspect", inspect !== undefined || inspectBrk !== undefined],
    ["--watch", watch],
    ["--sandbox", sandbox],
    ["--env", Object.keys(flags.env).length > 0],
  ] as const)
    if (isGiven) refuse(`${flag}: the provider of --attach is started by you; give it what it needs there`);
}

function inspectOf({ inspect, inspectBrk }: Flags): RunOptions["inspect"] {
  const given = inspectBrk ?? inspect;
  if (given === undefined) return undefined;
  return {
    address: given === true ? "127.0.0.1:9229" : given,
    breakAtStart: inspectBrk !== undefined,
  };
}

function pair(text: string, before: Pairs): Pairs {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write name=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function list(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
