import { statSync } from "node:fs";

/** Folders that a sandboxed provider may read, list and execute from, with all that is below them (PROC-10). */
export const readableFolders = [
  "/usr/lib",
  "/usr/lib64",
  "/usr/share",
  "/lib",
  "/lib64",
  "/etc/ssl",
  "/etc/ca-certificates",
  "/proc/self",
] as const;

/** Single files that it may read and execute. `/dev/null` can't be written to (PROC-10). */
export const readableFiles = [
  "/etc/resolv.conf",
  "/etc/nsswitch.conf",
  "/etc/hosts",
  "/dev/urandom",
  "/dev/null",
] as const;

/**
 * What may be done at a path and below it.
 *
 * - `read`: read, list, execute.
 * - `write`: that, and create, write, truncate and remove. No device control, and nothing is moved to another folder.
 */
export type PathAccess = "read" | "write";

/** Everything that the host's sandbox lets a provider do (PROC-10); what is not here is refused. */
export interface SandboxRules {
  /** Existing paths only: the host leaves out what is not there. */
  readonly paths: readonly PathRule[];
  /** The only port that TCP connections may be made to, at any address. */
  readonly connectTcpPort: number;
  /** Whether a TCP port may be listened on. UDP and Unix sockets are never restricted. */
  readonly tcpListen: TcpListen;
}

/** One place that the sandbox lets a provider see. */
export interface PathRule {
  /** Absolute. */
  readonly path: string;
  /** What may be done there. */
  readonly access: PathAccess;
  /** A folder's rule holds for all that is below it. */
  readonly type: "folder" | "file";
}

/** `allowed`, as PROC-10 has it; `refused` is what a host does whose rules also cover the binding of TCP ports. */
export type TcpListen = "allowed" | "refused";

export interface SandboxRulesOptions {
  /** The folder of the provider's own executable: readable and executable. */
  readonly programFolder: string;
  /** The folders that it may write to: the socket's, and its private TMPDIR. */
  readonly writableFolders: readonly string[];
  readonly proxyPort: number;
  readonly tcpListen?: TcpListen;
}

export function sandboxRules(options: SandboxRulesOptions): SandboxRules {
  const readable = [...readableFolders, ...readableFiles, options.programFolder];
  return {
    paths: [
      ...readable.flatMap((path) => ruleFor(path, "read")),
      ...options.writableFolders.flatMap((path) => ruleFor(path, "write")),
    ],
    connectTcpPort: options.proxyPort,
    tcpListen: options.tcpListen ?? "allowed",
  };
}

function ruleFor(path: string, access: PathAccess): readonly PathRule[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  return [{ path, access, type: stats.isDirectory() ? "folder" : "file" }];
}
