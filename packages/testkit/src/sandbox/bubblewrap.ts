import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { connect, Server, type Socket } from "node:net";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { signalGroup, type LaunchedProgram, type Launcher, type ProgramLaunch } from "./launch.js";
import { unexecutableHint } from "./program-hint.js";
import type { PathRule, SandboxRules } from "./rules.js";
import { findTool } from "@gestalt-runtime/sdk/processes";

/** Whether bubblewrap works here, and if not, why. */
export type BubblewrapSupport =
  | { readonly available: true; readonly bwrap: string }
  | { readonly available: false; readonly reason: string };

/** Tries it: many machines have the program, and forbid the namespaces that it needs. About 10 ms. */
export function bubblewrapSupport(): BubblewrapSupport {
  const bwrap = findTool("bwrap");
  if (bwrap === undefined) return { available: false, reason: "bwrap is not installed" };
  const tried = spawnSync(bwrap, ["--dev-bind", "/", "/", "--unshare-net", "--", "/bin/true"], {
    encoding: "utf8",
  });
  if (tried.status === 0) return { available: true, bwrap };
  return { available: false, reason: tried.error?.message ?? tried.stderr.trim() };
}

/** Runs in the sandbox's network and hands its listening socket out, so that no relay has to stay in there. */
const portHolder = `
  const server = require("node:net").createServer();
  server.listen(Number(process.argv[1]), "127.0.0.1", () => {
    process.send("listening", server, {}, () => process.exit(0));
  });
`;

/**
 * Two namespaces, one in the other: first a network with nothing in it but the proxy's port, then a view of the
 * files. The program is the second bubblewrap's child, so that one is named as its parent (PROC-7).
 */
const script = `
  bwrap=$1 node=$2 holder=$3 port=$4
  shift 4
  "$node" -e "$holder" "$port" || exit 1
  unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE
  exec 3>&-
  exec "$bwrap" --args 4 --json-status-fd 5 --setenv GESTALT_PLUGIN_PARENT_PID $$ -- "$@"
`;

/** Starts programs in a view that bubblewrap builds of the rules: what they don't name is missing, not denied. */
export function bubblewrapLauncher(
  rules: SandboxRules,
  { bwrap }: Extract<BubblewrapSupport, { available: true }>,
): Launcher {
  return (launch) => {
    const hint = unexecutableHint(launch.command, rules);
    if (hint !== "")
      return refuse(`host sandbox: ${launch.command} can't be executed: permission denied${hint}`);
    const child = spawn(
      bwrap,
      [
        "--die-with-parent",
        ...(process.getuid?.() === 0 ? ["--cap-add", "ALL"] : []),
        ...["--dev-bind", "/", "/", "--unshare-net", "--", "/bin/sh", "-c", script, "sh"],
        ...[
          bwrap,
          process.execPath,
          portHolder,
          String(rules.connectTcpPort),
          launch.command,
          ...launch.args,
        ],
      ],
      { cwd: launch.cwd, env: {}, stdio: ["ignore", "pipe", "pipe", "ipc", "pipe", "pipe", "pipe"] },
    );
    relayProxyPort(child, rules.connectTcpPort);
    write(child, 4, viewOf(rules, launch));
    // The empty file that stands in for /dev/null.
    write(child, 6, "");
    return { child, signal: signalsForProgram(child), endOf };
  };
}

function write(child: ChildProcess, descriptor: number, text: string): void {
  const pipe = child.stdio.at(descriptor) as Writable | null | undefined;
  // One that ended early says why on stderr; what it did not read is of no use to anybody.
  pipe?.on("error", () => undefined);
  pipe?.end(text);
}

function refuse(message: string): LaunchedProgram {
  const child = spawn("/bin/sh", ["-c", 'printf "%s\\n" "$1" >&2; exit 1', "sh", message], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, signal: (signal) => child.kill(signal) };
}

/** The inner bubblewrap's options; through a pipe, since the environment is secret. */
function viewOf(rules: SandboxRules, { environment }: ProgramLaunch): string {
  const options = [
    ...["--die-with-parent", "--new-session", "--clearenv"],
    ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
    // A root that is not there yet has to be made before it can be closed.
    ...rules.paths.flatMap(mountOf),
    ...["--remount-ro", "/"],
  ];
  return options.map((option) => `${option}\0`).join("");
}

function mountOf({ path, access }: PathRule): readonly string[] {
  // A read-only mount does not keep a device from being written to, so an empty file takes its place.
  if (path === "/dev/null") return ["--perms", "0444", "--ro-bind-data", "6", path];
  if (path.startsWith("/dev/")) return ["--dev-bind", path, path];
  return [access === "read" ? "--ro-bind" : "--bind", path, path];
}

/** Connections that were made inside go to the proxy, which listens outside. */
function relayProxyPort(child: ChildProcess, port: number): void {
  child.once("message", (_message, inside) => {
    if (!(inside instanceof Server)) return;
    inside.on("connection", (client: Socket) => {
      const proxy = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
      for (const [from, to] of [
        [client, proxy],
        [proxy, client],
      ] as const)
        from.pipe(to).on("error", () => from.destroy());
    });
    child.once("exit", () => inside.close());
  });
}

/**
 * Signals go to the program's own group as soon as there is one: bubblewrap itself would die of them, and on its
 * way up leave processes behind that wait for it.
 */
function signalsForProgram(child: ChildProcess): (signal: NodeJS.Signals) => void {
  let program: number | undefined;
  const early: NodeJS.Signals[] = [];
  const status = child.stdio.at(5) as Readable | null | undefined;
  if (status != null)
    createInterface({ input: status }).on("line", (line) => {
      const pid = (JSON.parse(line) as Record<string, unknown>)["child-pid"];
      if (typeof pid !== "number") return;
      program = pid;
      for (const signal of early.splice(0)) signalGroup(pid, signal);
    });
  return (signal) => {
    if (program === undefined) early.push(signal);
    else signalGroup(program, signal);
  };
}

/** Bubblewrap tells the end by a signal as a shell does: 128 and its number. */
function endOf(
  code: number | null,
  signal: NodeJS.Signals | null,
): ReturnType<NonNullable<LaunchedProgram["endOf"]>> {
  const number = (code ?? 0) - 128;
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return name === undefined ? { code, signal } : { code: null, signal: name as NodeJS.Signals };
}
