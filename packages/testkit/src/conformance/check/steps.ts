import { HostError } from "../../host/host-error.js";

/** The checks that ask for what nearly all others rely on: they are named when one of those is blocked. */
export const owners = {
  /** The provider serves. */
  serves: "process/start/serves",
  /** Identity, configuration, identity again. */
  handshake: "lifecycle/handshake/completes",
  support: "support/get-support/answers",
  /** StartSession, then GetSession until it is ready. */
  session: "session/start-session/gets-ready",
  bind: "binding/bind-host-service/answers-binding",
  /** StartPlugin with the fixture plugin, its target dialled and an operation answered. */
  plugin: "plugin/start-plugin/serves",
  /** StartPlugin is answered once the plugin accepts calls. */
  listens: "plugin/start-plugin/waits-until-it-listens",
  /** The fixture plugin under an egress policy, with a proxy in its environment. */
  proxy: "egress/proxy/named",
  stop: "session/stop-session/ends-session",
} as const;

/** The question that a step of a check belongs to. */
export type Step = keyof typeof owners;

const identity = "lifecycle/get-provider-identity/before-configuration";
const configured = "lifecycle/configure-provider/answers-version-3";

/** The check whose question it is that a step failed in this way. */
export function ownerOf(step: Step, error: unknown): string {
  if (step !== "handshake" || !(error instanceof HostError)) return owners[step];
  // The host's handshake looks at answers, too, and each of those looks is a question of its own.
  if (error.failure === "wrong-kind") return identity;
  if (error.failure === "wrong-protocol")
    return error.message.startsWith("ConfigureProvider") ? configured : identity;
  return owners.handshake;
}
