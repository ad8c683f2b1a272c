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
  stop: "session/stop-session/ends-session",
} as const;

/** The question that a step of a check belongs to. */
export type Step = keyof typeof owners;
