import grpc from "@grpc/grpc-js";
import { protocol } from "./protocol.js";
import { invalid } from "./refusal.js";
import { writeLine } from "./stderr.js";
import { parseTarget } from "./target.js";

const variable = "GESTALT_RUNTIME_LOG_SOCKET";
const appendMs = 2_000;
const { UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED, INTERNAL, NOT_FOUND } = grpc.status;

/** Where the sessions' output goes: the host's log service, or stderr without one (LOGS). */
export class LogHost {
  #client;
  #isClosed = false;
  #metadata = new grpc.Metadata();

  constructor(client, token = "") {
    this.#client = client;
    if (token !== "") this.#metadata.set("x-gestalt-host-service-relay-token", token);
  }

  static fromEnvironment(environment) {
    const socket = environment[variable] ?? "";
    if (socket === "") return new LogHost(undefined);
    let target;
    try {
      target = parseTarget(socket.startsWith("/") ? `unix://${socket}` : socket);
    } catch (error) {
      throw invalid(`${variable} ${error.message}`);
    }
    const { scheme, address } = target;
    const secret = scheme === "tls" ? grpc.credentials.createSsl() : grpc.credentials.createInsecure();
    const client = new protocol.PluginRuntimeLogHost(scheme === "unix" ? `unix:${address}` : address, secret);
    return new LogHost(client, environment[`${variable}_TOKEN`]);
  }

  get isThere() {
    return this.#client !== undefined;
  }

  /** Sends one batch. @returns {Promise<"taken" | "refused" | "unknown session" | "unreachable">} */
  append(sessionId, logs) {
    return new Promise((resolve) => {
      // The client throws when it is closed, which it is when the provider ends.
      if (this.#isClosed) return resolve("unreachable");
      const deadline = Date.now() + appendMs;
      this.#client.appendLogs({ sessionId, logs }, this.#metadata, { deadline }, (error) =>
        resolve(error === null ? "taken" : outcomeOf(error)),
      );
    });
  }

  write(line) {
    writeLine(line);
  }

  close() {
    this.#isClosed = true;
    this.#client?.close();
  }
}

function outcomeOf({ code, details }) {
  if ([UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED].includes(code)) return "unreachable";
  // Hosts of before 2026-04-30 say the second (LOGS-2).
  const isUnknown =
    code === NOT_FOUND || (code === INTERNAL && details.endsWith("runtime session not found"));
  return isUnknown ? "unknown session" : "refused";
}
