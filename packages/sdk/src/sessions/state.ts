import type { SessionState } from "../provider/types.js";
import type { Ended } from "./guest.js";

/**
 * What a session is doing. `starting` is the runtime's own: the host sees `ready` until the plugin runs, since
 * it refuses relayed calls of a session in a state that it does not know.
 */
export type Phase =
  | { readonly name: "pending" }
  | { readonly name: "ready" }
  | { readonly name: "starting" }
  | { readonly name: "running" }
  | { readonly name: "stopped"; readonly reason: string; readonly message: string }
  | { readonly name: "failed"; readonly reason: string; readonly message: string };

export type OverPhase = Extract<Phase, { reason: string }>;

export const pending: Phase = { name: "pending" };
export const ready: Phase = { name: "ready" };
export const starting: Phase = { name: "starting" };
export const running: Phase = { name: "running" };
export const stopped = (reason: string, message: string): OverPhase => ({ name: "stopped", reason, message });
export const failed = (reason: string, message: string): OverPhase => ({ name: "failed", reason, message });

/** `stopped` and `failed` are final. */
export function isOver(phase: Phase): phase is OverPhase {
  return phase.name === "stopped" || phase.name === "failed";
}

/** The word that the host knows. */
export function stateOf(phase: Phase): SessionState {
  return phase.name === "starting" ? "ready" : phase.name;
}

/** The phase of a session that was written down. */
export function phaseOf(state: SessionState, reason = "", message = ""): Phase {
  if (state === "stopped" || state === "failed") return { name: state, reason, message };
  return { name: state };
}

/** SESS-10: exit code 0 is `stopped`, all else is `failed`, and says how. */
export function afterEnd(ended: Ended, what?: "the plugin" | "the guest"): OverPhase {
  const text = describeEnd(ended, what);
  return ended.how === "exit" && ended.code === 0 ? stopped("exited", text) : failed(reasonOf(ended), text);
}

/** A sentence on how a plugin, or a guest without one, ended. */
export function describeEnd(ended: Ended, what: "the plugin" | "the guest" = "the plugin"): string {
  switch (ended.how) {
    case "exit":
      return `${what} exited with code ${ended.code}`;
    case "signal":
      return `${what} was ended by the signal ${ended.signal}`;
    case "limit":
      return `${what} was ended by its ${ended.limit} limit: ${ended.detail}`;
    case "vanished":
      return `${what} is gone: ${ended.detail}`;
  }
}

/** One word for it. */
export function reasonOf(ended: Ended): string {
  switch (ended.how) {
    case "exit":
      return "exited";
    case "signal":
      return "signalled";
    case "limit":
      return `${ended.limit}-limit`;
    case "vanished":
      return "vanished";
  }
}
