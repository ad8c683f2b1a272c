import { setTimeout as delay } from "node:timers/promises";
import { useCache } from "./cache-client.js";
import type { EndSwitch } from "./endings.js";
import { spawnGrandchild } from "./grandchild.js";
import type { FixtureOperations } from "./operations.js";

/**
 * What the fixture plugin does before it serves: one `--at-start=<this>` each, done in the order given, before
 * other arguments or among them. `FIXTURE_AT_START` in its environment holds the same, separated by `;`, and comes first.
 */
export type AtStart =
  /** Ends at once with this exit code. */
  | `exit:${number}`
  /** Dies as the operation `crash` does. */
  | "crash:SIGSEGV"
  | "crash:SIGABRT"
  | "crash:SIGKILL"
  | "crash:uncaught"
  /** Writes a line. */
  | `stdout:${string}`
  | `stderr:${string}`
  /** Writes so many bytes to stdout and to stderr each, in lines of 80; it waits while nobody reads them. */
  | `talk:${number}`
  /** Lives on without ever listening. */
  | "no-listen"
  /** Waits for so many milliseconds. */
  | `listen-late:${number}`
  /** Listens and answers everything with a line of text. */
  | "no-http2"
  /** Listens, accepts, and never says a word. */
  | "silent"
  /** Gets this key of the cache named by GESTALT_CACHE_SOCKET; ends with exit code 1 when it can't. */
  | `cache:${string}`
  | "ignore-sigterm"
  /** Starts a process as the operation `spawn` does, and writes `forked <kind> <pid>` to stdout. */
  | `fork:${"plain" | "session" | "daemon"}`
  | `fork:${"plain" | "session" | "daemon"},ignore-sigterm`;

/** How the plugin is to listen, once the rest is done. */
export type Listening = "grpc" | "none" | "no-http2" | "silent";

export const atStartFlag = "--at-start=";
const fromEnvironment = "FIXTURE_AT_START";

export interface Boot {
  readonly listening: Listening;
  readonly found: FixtureOperations["boot"]["result"];
}

/** All behaviours asked for by arguments and environment, in order. */
export function behavioursAtStart(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  return [
    ...(environment[fromEnvironment]?.split(";") ?? []),
    ...args.filter((arg) => arg.startsWith(atStartFlag)).map((arg) => arg.slice(atStartFlag.length)),
  ].filter((behaviour) => behaviour !== "");
}

/** Does them; rejects with a text that names one it does not know. */
export async function boot(behaviours: readonly string[], end: EndSwitch): Promise<Boot> {
  let listening: Listening = "grpc";
  const found: Boot["found"] = { children: [] };
  for (const behaviour of behaviours) {
    const colon = behaviour.indexOf(":");
    const what = colon === -1 ? behaviour : behaviour.slice(0, colon);
    const value = colon === -1 ? "" : behaviour.slice(colon + 1);
    switch (what) {
      case "exit":
        end.exit(numberIn(behaviour, value));
        break;
      case "crash":
        end.crash(value);
        break;
      case "stdout":
      case "stderr":
        await new Promise((resolve) => process[what].write(`${value}\n`, resolve));
        break;
      case "talk":
        await talk(numberIn(behaviour, value));
        break;
      case "listen-late":
        await delay(numberIn(behaviour, value));
        break;
      case "no-listen":
        listening = "none";
        break;
      case "no-http2":
      case "silent":
        listening = what;
        break;
      case "ignore-sigterm":
        end.ignoreSigterm = true;
        break;
      case "cache": {
        const { found: isThere, value: text } = await useCache({ key: value, action: "get" });
        found.cache = { found: isThere, value: text };
        break;
      }
      case "fork": {
        const [kind, option] = value.split(",");
        if (!isKind(kind) || (option !== undefined && option !== "ignore-sigterm")) throw unknown(behaviour);
        const child = await spawnGrandchild({ kind, ignoreSigterm: option !== undefined });
        found.children.push({ kind, ...child });
        process.stdout.write(`forked ${kind} ${child.pid}\n`);
        break;
      }
      default:
        throw unknown(behaviour);
    }
  }
  return { listening, found };
}

async function talk(bytes: number): Promise<void> {
  const line = `${"x".repeat(79)}\n`;
  for (let written = 0; written < bytes; written += line.length)
    for (const stream of ["stdout", "stderr"] as const)
      await new Promise((resolve) => process[stream].write(line, resolve));
}

function isKind(text: string | undefined): text is "plain" | "session" | "daemon" {
  return text === "plain" || text === "session" || text === "daemon";
}

function numberIn(behaviour: string, value: string): number {
  if (!/^\d+$/.test(value))
    throw new Error(`${atStartFlag}${behaviour}: a whole number must follow the colon`);
  return Number(value);
}

function unknown(behaviour: string): Error {
  return new Error(`${atStartFlag}${behaviour} is not known; see AtStart of @gestalt-runtime/testkit`);
}
