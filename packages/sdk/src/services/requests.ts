import { posix } from "node:path";
import { parseDialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type * as wire from "../gen/gestalt/provider/v1/runtime_pb.js";
import type * as plain from "../provider/types.js";

/** Checks a session id that the host sent (SESS-6). */
export function readSessionId(sessionId: string): string {
  if (sessionId === "") throw invalid("session_id is empty; send the id that StartSession returned");
  return sessionId;
}

export function readStartSession(request: wire.StartPluginRuntimeSessionRequest): plain.StartSessionRequest {
  const { template, image, imagePullAuth } = request;
  return {
    pluginName: request.pluginName,
    metadata: request.metadata,
    ...(template !== "" && { template }),
    ...(image !== "" && { image }),
    ...(imagePullAuth !== undefined &&
      imagePullAuth.dockerConfigJson !== "" && { dockerConfigJson: imagePullAuth.dockerConfigJson }),
  };
}

/** BIND-5: each fault named by its field. */
export function readBindHostService(
  request: wire.BindPluginRuntimeHostServiceRequest,
): plain.BindHostServiceRequest {
  const sessionId = readSessionId(request.sessionId);
  checkEnvName(request.envVar, "env_var");
  const relayTarget = request.relay?.dialTarget ?? "";
  if (relayTarget === "")
    throw invalid("relay.dial_target is missing; send where the host service is reached");
  parseDialTarget(relayTarget, "relay.dial_target");
  return { sessionId, envVar: request.envVar, relayTarget };
}

/** PLUG-6, and what no process can be started with. */
export function readStartPlugin(request: wire.StartHostedPluginRequest): plain.StartPluginRequest {
  const sessionId = readSessionId(request.sessionId);
  const { pluginName, command, args, env, allowedHosts, defaultAction, hostBinary } = request;
  if (command === "") throw invalid("command is empty; send the path of the plugin's program");
  checkNul(command, "command");
  args.forEach((arg, index) => checkNul(arg, `args[${index}]`));
  for (const [name, value] of Object.entries(env)) {
    checkEnvName(name, "env");
    checkNul(value, `env[${JSON.stringify(name)}]`);
  }
  return { sessionId, pluginName, command, args, env, allowedHosts, defaultAction, hostBinary };
}

/** WORK-2: nothing of a workspace leads out of it; links in a checkout are for the provider to look at. */
export function readPrepareWorkspace(
  request: wire.PreparePluginRuntimeWorkspaceRequest,
): plain.PrepareWorkspaceRequest {
  const sessionId = readSessionId(request.sessionId);
  const { checkouts = [], cwd = "" } = request.workspace ?? {};
  checkouts.forEach(({ path }, index) => checkInside(path, `workspace.checkouts[${index}].path`));
  checkInside(cwd, "workspace.cwd");
  return {
    sessionId,
    agentSessionId: request.agentSessionId,
    checkouts: checkouts.map(({ url, ref, path }) => ({ url, ref, path })),
    cwd,
  };
}

function checkInside(path: string, field: string): void {
  if (path.includes("\0")) throw invalid(`${field} has a NUL byte in it; take it out`);
  const plain = posix.normalize(path);
  if (!posix.isAbsolute(path) && plain !== ".." && !plain.startsWith("../")) return;
  throw invalid(
    `${field} ${JSON.stringify(path)} leads out of the workspace; send a path relative to its root, such as "code"`,
  );
}

function checkEnvName(name: string, field: string): void {
  const fault =
    name === ""
      ? "is empty"
      : name.includes("=")
        ? 'has "=" in it'
        : name.includes("\0")
          ? "has a NUL byte in it"
          : "";
  if (fault !== "")
    throw invalid(
      `${field}: the variable's name ${JSON.stringify(name)} ${fault}; send a name such as MY_VARIABLE`,
    );
}

function checkNul(value: string, field: string): void {
  if (value.includes("\0"))
    throw invalid(`${field} has a NUL byte, which no program can be given; take it out`);
}

function invalid(message: string): RuntimeProviderError {
  return new RuntimeProviderError("INVALID_ARGUMENT", message);
}
