import { existsSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Guest, describeEnd } from "./guest.js";
import { Refusal, precondition } from "./refusal.js";
import { maxUnixPathBytes } from "./target.js";

/** What a plugin gets of the provider's own environment; the operator's secrets are in the rest (PLUG-2). */
const safeVariables = ["PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"];
const pollMs = 20;

/**
 * Starts a plugin, and waits until it accepts gRPC connections; leaves nothing behind when it fails or is cancelled
 * (PLUG-4, PLUG-6, PLUG-7).
 *
 * @param {AbortSignal} signal
 */
export async function launchPlugin(session, request, readyTimeoutMs, signal) {
  if (Buffer.byteLength(session.socketPath) > maxUnixPathBytes)
    throw precondition(
      `the plugin's socket would be ${session.socketPath}, longer than ${maxUnixPathBytes} bytes; ` +
        "give this provider a shorter TMPDIR",
    );
  const { command, args } = request;
  const guest = new Guest({ command, args, env: environmentOf(session, request) }, (stream, chunk) =>
    session.log.write(stream, chunk),
  );
  const late = AbortSignal.timeout(readyTimeoutMs);
  const over = new AbortController();
  const enough = AbortSignal.any([signal, late, over.signal]);
  const aborted = new Promise((resolve) => enough.addEventListener("abort", () => resolve("aborted")));
  try {
    await Promise.race([guest.started, aborted]);
    const ended = guest.ended.then((end) => ({ end }));
    const found = await Promise.race([untilReady(session.socketPath, enough), ended, aborted]);
    if (found === "ready") return guest;
    if (signal.aborted)
      throw new Refusal(status.CANCELLED, "StartPlugin was cancelled before the plugin was ready");
    if (found.end === undefined)
      throw new Refusal(
        status.DEADLINE_EXCEEDED,
        `it did not accept gRPC connections on ${session.socketPath} in time`,
      );
    throw precondition(`${describeEnd(found.end)} before it accepted gRPC connections`);
  } catch (error) {
    guest.started.catch(() => undefined);
    await guest.kill();
    session.log.finish();
    const code = error instanceof Refusal ? error.code : status.FAILED_PRECONDITION;
    throw new Refusal(code, `plugin ${JSON.stringify(request.pluginName)}: ${error.message}${guest.quote()}`);
  } finally {
    over.abort();
  }
}

/** Later ones win (PLUG-2, PLUG-3). The parent is the first of a PID namespace: it has no id that the plugin could see. */
function environmentOf(session, request) {
  const all = {
    ...Object.fromEntries(
      safeVariables
        .filter((name) => process.env[name] !== undefined)
        .map((name) => [name, process.env[name]]),
    ),
    HOME: join(session.directory, "home"),
    TMPDIR: join(session.directory, "tmp"),
    ...request.env,
    ...session.bindings,
    GESTALT_PLUGIN_SOCKET: session.socketPath,
    GESTALT_PLUGIN_NAME: request.pluginName,
  };
  delete all.GESTALT_PLUGIN_PARENT_PID;
  return all;
}

/** Resolves when the plugin has sent its HTTP/2 settings, which is what the host will wait for. */
async function untilReady(path, signal) {
  while (!signal.aborted) {
    if (existsSync(path) && (await speaksHttp2(path, signal))) return "ready";
    await delay(pollMs);
  }
  return "aborted";
}

function speaksHttp2(path, signal) {
  return new Promise((resolve) => {
    const session = connectHttp2("http://localhost", { createConnection: () => connect(path) });
    const settle = (answer) => {
      signal.removeEventListener("abort", no);
      session.destroy();
      resolve(answer);
    };
    const no = () => settle(false);
    session.once("remoteSettings", () => settle(true));
    session.on("error", no);
    session.once("close", no);
    signal.addEventListener("abort", no);
  });
}
