import { spawnSync } from "node:child_process";
import { existsSync, opendirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { explainRefusal } from "./refusal.js";

/** The host's sandbox around this process (PROC-10), and what it means. Its sentences are for operators. */
export interface HostSandbox {
  /** How a program of this machine was refused when one was tried: `EACCES` (denied), `ENOENT` (not in sight). */
  readonly refusedWith: string;
  /** The only folders that can be written to: the socket's and `TMPDIR`. */
  readonly writableFolders: readonly string[];
  /** The proxy that is the only way out, as `HTTP_PROXY` names it; absent in a sandbox that is not the host's. */
  readonly proxy: string | undefined;
  /**
   * Why plugins can't be started as programs of this machine, and what the operator would have to change:
   * `BackendTraits.cannotHost` of such a runtime (SUP-2).
   */
  readonly cannotHost: string;
  /**
   * Why an operation failed, where the sandbox is to blame: a sentence. `undefined` for any other error.
   *
   * @param error what Node.js threw or emitted: of `fs`, of a child process, of a socket
   */
  explain(error: unknown): string | undefined;
}

/** Programs that every Linux machine has one of, and the folders they lie in. */
const triedPrograms = ["/usr/bin/env", "/bin/sh"];
const triedFolders = ["/usr/bin", "/bin"];

/**
 * Finds out whether the host runs this provider in its sandbox, by trying what is refused in there: `stat` and
 * `access` may say yes to a program that can't be executed.
 *
 * Outside it costs the reading of one small file (some 20 µs), inside one refused start of a program (some ms).
 * Nothing calls it by itself: a runtime that starts programs does, when it is configured.
 *
 * @returns `undefined` in the open
 */
export function hostSandbox(env: NodeJS.ProcessEnv = process.env): HostSandbox | undefined {
  if (!hasNoNewPrivileges() || triedFolders.some(canBeListed)) return undefined;
  const refusedWith = refusalOf(triedPrograms.find((path) => existsSync(path)) ?? triedPrograms[0] ?? "");
  const proxy = proxyOfHost(env);
  // A container without these programs is none: only the host's sandbox has its proxy besides.
  if (refusedWith === undefined || (refusedWith !== "EACCES" && proxy === undefined)) return undefined;
  const writableFolders = [
    ...(env.GESTALT_PLUGIN_SOCKET === undefined ? [] : [dirname(env.GESTALT_PLUGIN_SOCKET)]),
    ...(env.TMPDIR === undefined ? [] : [env.TMPDIR]),
  ];
  return {
    refusedWith,
    writableFolders,
    proxy,
    cannotHost: cannotHost(refusedWith, proxy, env.GESTALT_PLUGIN_NAME),
    explain: (error) => explainRefusal(error, { writableFolders, proxy }),
  };
}

/** Set by the host for whatever it sandboxes; also by containers and service managers, in the open. */
function hasNoNewPrivileges(): boolean {
  try {
    return /^NoNewPrivs:\s*1$/m.test(readFileSync("/proc/self/status", "latin1"));
  } catch {
    return false;
  }
}

function canBeListed(folder: string): boolean {
  try {
    opendirSync(folder).closeSync();
    return true;
  } catch {
    return false;
  }
}

/** How the start of a program is refused; `undefined` where it is not. */
function refusalOf(program: string): string | undefined {
  // Pipes: /dev/null itself is refused for output in there.
  const { error } = spawnSync(program, ["-c", ":"], { stdio: "pipe", timeout: 5_000 });
  return error === undefined ? undefined : ((error as NodeJS.ErrnoException).code ?? error.message);
}

/** The host names one and the same port of its own for both. */
function proxyOfHost({ HTTP_PROXY: http, HTTPS_PROXY: https }: NodeJS.ProcessEnv): string | undefined {
  return http !== undefined && http === https && /^http:\/\/127\.0\.0\.1:\d+$/.test(http) ? http : undefined;
}

function cannotHost(refusedWith: string, proxy: string | undefined, name = "<name>"): string {
  const fact = `programs of this machine can't be started (${refusedWith}), so plugins can't be hosted on it`;
  if (proxy === undefined)
    return `this provider runs in a sandbox that gestaltd did not make: ${fact}; run gestaltd without it`;
  return (
    `gestaltd runs this provider in its sandbox: ${fact}. The sandbox comes of server.egress.defaultAction: deny or ` +
    `of runtime.providers.${name}.egress.allowedHosts: set the default to allow and remove that list, and give the ` +
    `plugins an egress.allowedHosts of their own; or choose a runtime that hosts plugins elsewhere`
  );
}
