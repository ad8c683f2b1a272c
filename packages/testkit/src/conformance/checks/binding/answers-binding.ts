import { defineCheck } from "../../check/check.js";

export const answersBinding = defineCheck({
  id: "binding/bind-host-service/answers-binding",
  title:
    "BindHostService answers the session's id, the variable and the relay as given, and an id of its own",
  requirements: ["BIND-1"],
  instance: "shared",
  cause: "The answer is an empty message: the host itself reads only the status.",
  mend: "Keep env_var and relay for the session and give them back, with a fresh id and the session's id.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const dialTarget = "tls://relay.example.com:443";
    const binding = await t.expect.answered("BindHostService", session.bind("ANY_SERVICE", dialTarget));
    t.expect(binding.id !== "", "the binding's id is empty");
    t.expect.equal("the binding's session_id", binding.sessionId, session.id);
    t.expect.equal("the binding's env_var", binding.envVar, "ANY_SERVICE");
    t.expect.equal("the binding's relay.dial_target", binding.relay?.dialTarget, dialTarget);
    const other = await t.expect.answered(
      "BindHostService of another variable",
      session.bind("OTHER_SERVICE", dialTarget),
    );
    t.expect(other.id !== binding.id, "two bindings have the same id");
  },
});
