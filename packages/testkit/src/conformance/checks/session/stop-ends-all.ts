import { defineCheck } from "../../check/check.js";
import { leftOf } from "./left-running.js";

const hostLimitMs = 3_000;

export const stopEndsAll = defineCheck({
  id: "session/stop-session/ends-all-processes",
  title: "StopSession ends the plugin, its children, their sessions and its daemons, willing or not",
  requirements: ["SESS-8"],
  needs: ["local-processes"],
  instance: "shared",
  cause:
    "Only the process that was spawned is signalled, or its process group: what has left the group lives on, and what " +
    "ignores SIGTERM too.",
  mend:
    "Hold a plugin's processes together with a PID namespace, a cgroup or a mark in their environment, and send " +
    "SIGKILL to all that is left after a short grace.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    await t.plugin(session, {
      atStart: ["fork:plain", "fork:session", "fork:daemon", "fork:daemon,ignore-sigterm", "ignore-sigterm"],
    });
    t.expect(
      t.place.pluginProcesses().length >= 5,
      "the plugin and what it forked can't be seen on this machine",
    );
    const startedAt = performance.now();
    await t.expect.answered("StopSession with the host's deadline of 3000 ms", session.stop());
    const restMs = Math.max(0, hostLimitMs - (performance.now() - startedAt));
    await t.eventually("after StopSession all that the plugin started has ended", restMs, () =>
      leftOf(t.place),
    );
  },
});

export const stopEndsHanging = defineCheck({
  id: "session/stop-session/ends-hanging-plugin",
  title: "StopSession ends a plugin that hangs (SIGSTOP) or ignores SIGTERM, within the host's 3 s",
  requirements: ["SESS-8"],
  needs: ["local-processes"],
  instance: "shared",
  cause: "StopSession waits for the plugin to end by itself, or gives it as long as the host waits in all.",
  mend: "Send SIGKILL to what is left after a grace well below 3 s.",
  run: async (t) => {
    const provider = await t.provider();
    const [deaf, hanging] = [await t.session(provider), await t.session(provider)];
    await t.plugin(deaf, { atStart: ["ignore-sigterm"] });
    const plugin = await t.plugin(hanging);
    // Refused (409) where it is the first process of a PID namespace: then there is one hanging way less.
    await plugin.client.execute({ operation: "stop-self", params: { answerFirst: true } });
    const startedAt = performance.now();
    await Promise.all([
      t.expect.answered("StopSession of a plugin that ignores SIGTERM, within 3000 ms", deaf.stop()),
      t.expect.answered("StopSession of a plugin that hangs, within 3000 ms", hanging.stop()),
    ]);
    const restMs = Math.max(0, hostLimitMs - (performance.now() - startedAt));
    await t.eventually("after StopSession both plugins have ended", restMs, () => leftOf(t.place));
  },
});
