import type { HostConsole } from "./host-console.js";
import type { Report } from "./events.js";
import { parseParams } from "./params.js";

/** What became of a command; `exit` ends the console. */
export type CommandOutcome = "ok" | "failed" | "exit";

interface Command {
  readonly name: string;
  /** After the name. */
  readonly takes: string;
  readonly help: string;
  run(host: HostConsole, rest: string, report: Report): Promise<boolean> | boolean;
  /** What could stand where the cursor is, given what is typed after the name. */
  complete?(host: HostConsole, typed: string): readonly string[];
}

const ok = true;

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  {
    name: "call",
    takes: "<operation> [name=value ...]",
    help: "call an operation of the current plugin; its parameters, or all of them as one JSON object",
    run: (host, rest) => {
      const { first, after } = split(rest);
      if (first === "") throw new Error("call what? operations lists what there is");
      return host.call(first, parseParams(after));
    },
    complete: completeCall,
  },
  {
    name: "operations",
    takes: "",
    help: "what the current plugin can be asked to do",
    run: (host, rest, report) => {
      nothingAfter("operations", rest);
      report({ event: "operations", plugin: host.current, operations: host.operations() });
      return ok;
    },
  },
  {
    name: "logs",
    takes: "[count]",
    help: "the newest lines of the current plugin's log, 20 unless you say how many",
    run: (host, rest, report) => {
      report({ event: "logs", records: host.logs(toCount(rest)) });
      return ok;
    },
  },
  {
    name: "follow",
    takes: "[on|off]",
    help: "tell log lines as they come, or don't",
    run: (host, rest) => {
      host.follow = toSwitch("follow", rest, host.follow);
      return ok;
    },
    complete: () => ["on", "off"],
  },
  {
    name: "trace",
    takes: "[on|off]",
    help: "tell every call of the host, or don't",
    run: (host, rest) => {
      host.trace = toSwitch("trace", rest, host.trace);
      return ok;
    },
    complete: () => ["on", "off"],
  },
  {
    name: "sessions",
    takes: "",
    help: "the sessions that the provider has",
    run: async (host, rest, report) => {
      nothingAfter("sessions", rest);
      report({ event: "sessions", sessions: await host.sessions() });
      return ok;
    },
  },
  {
    name: "support",
    takes: "",
    help: "what the provider says that it can do",
    run: async (host, rest, report) => {
      nothingAfter("support", rest);
      report({ event: "support", providers: await host.support() });
      return ok;
    },
  },
  {
    name: "health",
    takes: "",
    help: "ask the provider for its health",
    run: async (host, rest, report) => {
      nothingAfter("health", rest);
      const health = await host.health();
      report({ event: "health", ...health });
      return health.ready;
    },
  },
  {
    name: "plugins",
    takes: "",
    help: "the plugins, and which one calls go to",
    run: (host, rest, report) => {
      nothingAfter("plugins", rest);
      report({ event: "plugins", plugins: host.pluginFacts() });
      return ok;
    },
  },
  {
    name: "host",
    takes: "<name>",
    help: "host the plugin once more under that name, and call that one from now on",
    run: (host, rest) => host.host(oneWord("host", rest)),
    complete: (host) => host.plugins,
  },
  {
    name: "use",
    takes: "<plugin>",
    help: "call that plugin from now on",
    run: (host, rest) => {
      host.use(oneWord("use", rest));
      return ok;
    },
    complete: (host) => host.plugins,
  },
  {
    name: "stop",
    takes: "[plugin]",
    help: "stop a plugin's session, the current one's unless you name another; the provider stays",
    run: async (host, rest) => {
      await host.stopPlugin(rest === "" ? host.current : oneWord("stop", rest));
      return ok;
    },
    complete: (host) => host.plugins,
  },
  {
    name: "restart",
    takes: "",
    help: "end everything and start it again",
    run: (host, rest) => {
      nothingAfter("restart", rest);
      return host.restart();
    },
  },
  {
    name: "kill",
    takes: "",
    help: "kill the provider, as a crash would",
    run: (host, rest) => {
      nothingAfter("kill", rest);
      host.kill();
      return ok;
    },
  },
  {
    name: "help",
    takes: "[command]",
    help: "this",
    run: (_host, rest, report) => {
      report({ event: "help", text: helpText(rest) });
      return ok;
    },
    complete: () => commands.map(({ name }) => name),
  },
  {
    name: "exit",
    takes: "",
    help: "stop everything and end (so does Ctrl-D)",
    run: () => ok,
  },
];

/** Runs one line; what is wrong with it is told, not thrown. */
export async function runCommand(host: HostConsole, line: string, report: Report): Promise<CommandOutcome> {
  const { first, after } = split(line);
  if (first === "" || first.startsWith("#")) return "ok";
  try {
    const command = findCommand(first);
    if (command.name === "exit") return "exit";
    return (await command.run(host, after, report)) ? "ok" : "failed";
  } catch (error) {
    report({ event: "error", message: error instanceof Error ? error.message : String(error) });
    return "failed";
  }
}

/** What could stand in the place of the line's last word: the hits, and the part that they replace. */
export function completeLine(host: HostConsole, line: string): [hits: string[], part: string] {
  const { first } = split(line);
  const part = /\S*$/.exec(line)?.[0] ?? "";
  if (!/\s/.test(line.trimStart()))
    return [
      hits(
        commands.map(({ name }) => name),
        part,
      ),
      part,
    ];
  const command = commands.find(({ name }) => name === first);
  return [hits(command?.complete?.(host, typedAfter(line)) ?? [], part), part];
}

function hits(candidates: readonly string[], part: string): string[] {
  return candidates
    .filter((candidate) => candidate.startsWith(part))
    .map((candidate) => (candidate.endsWith("=") ? candidate : `${candidate} `));
}

function completeCall(host: HostConsole, typed: string): readonly string[] {
  const { first, after } = split(typed);
  const operations = host.operations();
  if (!/\s/.test(typed)) return operations.map(({ id }) => id);
  const given = after.split(/\s+/).map((word) => word.slice(0, word.indexOf("=") + 1));
  const parameters = operations.find(({ id }) => id === first)?.parameters ?? [];
  return parameters.map(({ name }) => `${name}=`).filter((name) => !given.includes(name));
}

function findCommand(name: string): Command {
  // Any beginning that only one has, as at other prompts; quit is what fingers type.
  const wanted = name === "quit" ? "exit" : name;
  const found = commands.filter((command) => command.name.startsWith(wanted));
  const exact = found.find((command) => command.name === wanted);
  if (exact !== undefined) return exact;
  const [only, ...others] = found;
  if (only === undefined) throw new Error(`there is no command ${JSON.stringify(name)}; help lists them`);
  if (others.length === 0) return only;
  throw new Error(
    `${JSON.stringify(name)} could be ${found.map((one) => one.name).join(" or ")}; write more of it`,
  );
}

function helpText(name: string): string {
  const shown = name === "" ? commands : [findCommand(name)];
  const width = Math.max(...shown.map(({ name: own, takes }) => own.length + takes.length)) + 3;
  const lines = shown.map((one) => `${`${one.name} ${one.takes}`.padEnd(width)}${one.help}`);
  if (name !== "") return lines.join("\n");
  return [
    ...lines,
    "",
    "A command may be cut short where it stays the only one. Ctrl-C gives up a call, and stops when there is none.",
  ].join("\n");
}

function split(text: string): { readonly first: string; readonly after: string } {
  const { 1: first = "", 2: after = "" } = /^\s*(\S*)\s*([^]*?)\s*$/.exec(text) ?? [];
  return { first, after };
}

/** What is typed after a line's first word, the space at its end kept: it says that a word is over. */
function typedAfter(line: string): string {
  return /^\s*\S*\s+([^]*)$/.exec(line)?.[1] ?? "";
}

function oneWord(command: string, rest: string): string {
  if (/^\S+$/.test(rest)) return rest;
  throw new Error(
    rest === "" ? `${command} what? name a plugin` : `${command} takes one name, not ${JSON.stringify(rest)}`,
  );
}

function nothingAfter(command: string, rest: string): void {
  if (rest !== "") throw new Error(`${command} takes nothing after it; leave out ${JSON.stringify(rest)}`);
}

function toCount(rest: string): number {
  if (rest === "") return 20;
  const count = Number(rest);
  if (Number.isSafeInteger(count) && count >= 1 && count <= 1_000) return count;
  throw new Error(`logs takes a number from 1 to 1000, not ${JSON.stringify(rest)}`);
}

function toSwitch(command: string, rest: string, now: boolean): boolean {
  if (rest === "") return !now;
  if (rest === "on" || rest === "off") return rest === "on";
  throw new Error(`${command} takes on or off, not ${JSON.stringify(rest)}`);
}
