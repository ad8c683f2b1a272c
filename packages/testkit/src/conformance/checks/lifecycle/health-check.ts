import { defineCheck } from "../../check/check.js";

export const healthCheckAnswers = defineCheck({
  id: "lifecycle/health-check/never-an-rpc-error",
  title: "HealthCheck is answered before and after configuration, trouble with a message",
  requirements: ["LIFE-4"],
  needs: ["spawned"],
  cause: "HealthCheck is not implemented, or an exception of the backend's check becomes the call's status.",
  mend: "Implement HealthCheck, catch what the backend throws, and answer it as ready = false with a message.",
  run: async (t) => {
    const provider = await t.start();
    for (const when of ["before configuration", "after configuration"]) {
      if (when === "after configuration") await t.configure(provider);
      const { ready, message } = await t.expect.answered(
        `HealthCheck ${when}`,
        provider.lifecycle.healthCheck(),
      );
      t.expect(ready || message !== "", `HealthCheck ${when} says ready = false without a message`);
    }
  },
});
