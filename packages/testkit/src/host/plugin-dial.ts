import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import { formatDialTarget, parseDialTarget, type DialTarget } from "@gestalt-runtime/sdk";
import { openChannel, type ProtocolChannel } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import { HostError } from "./host-error.js";
import type { HostTimes } from "./times.js";

export interface PluginDialOptions {
  readonly times: HostTimes;
  /** Its `SSL_CERT_FILE` names the roots that a `tls://` plugin is verified against (DIAL-3). */
  readonly operatorEnv: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal | undefined;
}

export interface DialledPlugin {
  readonly channel: ProtocolChannel;
  /** As the plugin sees it (DIAL-4). */
  readonly authority: string;
}

/** Where systems keep their roots, in the order in which they are looked for. */
const systemRoots = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/**
 * Dials what StartPlugin answered and waits for READY, 30 s at most (PLUG-4).
 *
 * @throws {@link HostError} `dial-scheme` or `dial-timeout`
 */
export async function dialPlugin(target: string, options: PluginDialOptions): Promise<DialledPlugin> {
  const parsed = parse(target);
  const dialled = await open(parsed, options.operatorEnv);
  const { signal, times } = options;
  const close = (): void => dialled.channel.close();
  signal?.addEventListener("abort", close, { once: true });
  try {
    if (signal?.aborted === true) close();
    await dialled.channel.waitForReady(times.pluginReadyMs);
    return dialled;
  } catch (cause) {
    dialled.channel.close();
    if (signal?.aborted === true)
      throw new HostError("stopped", "the host was told to end while it dialled the plugin", { cause });
    throw new HostError(
      "dial-timeout",
      `the plugin's dial target ${JSON.stringify(target)} did not get ready within ${times.pluginReadyMs} ms`,
      { code: "DEADLINE_EXCEEDED", cause },
    );
  } finally {
    signal?.removeEventListener("abort", close);
  }
}

function parse(target: string): DialTarget {
  try {
    // The host takes a bare path too, after cleaning it; providers must not rely on that (DIAL-1).
    if (target.startsWith("/")) return parseDialTarget(`unix://${posix.normalize(target)}`);
    return parseDialTarget(target, "the plugin's dial target");
  } catch (cause) {
    throw new HostError("dial-scheme", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

async function open(
  target: DialTarget,
  operatorEnv: Readonly<Record<string, string | undefined>>,
): Promise<DialledPlugin> {
  if (target.type === "unix")
    return {
      channel: openChannel(`unix:${target.path}`, credentials.createInsecure()),
      authority: "localhost",
    };
  const hostPort = formatDialTarget(target).slice("tcp://".length);
  if (target.type === "tcp")
    return { channel: openChannel(`dns:${hostPort}`, credentials.createInsecure()), authority: hostPort };
  const roots = await trustedRoots(operatorEnv);
  return {
    channel: openChannel(`dns:${hostPort}`, credentials.createSsl(roots), {
      "grpc.default_authority": target.host,
    }),
    authority: target.host,
  };
}

/** The roots that the host verifies plugins against; null: Node.js's own list (DIAL-3). */
export async function trustedRoots(
  operatorEnv: Readonly<Record<string, string | undefined>>,
): Promise<Buffer | null> {
  const named = operatorEnv.SSL_CERT_FILE;
  for (const file of named === undefined || named === "" ? systemRoots : [named]) {
    try {
      return await readFile(file);
    } catch {
      // The next one; in the end Node.js's own list.
    }
  }
  return null;
}
