import type { JsonObject } from "@bufbuild/protobuf";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { leftOf } from "./left-running.js";

/** "At once", for a machine that has other things to do. */
const atOnceMs = 3_000;

interface End {
  readonly what: string;
  readonly operation: "exit" | "crash";
  readonly params: JsonObject;
  readonly state: "stopped" | "failed";
  /** What state_message has to hold, and how that is called. */
  readonly message?: readonly [RegExp, string];
}

const ends: readonly End[] = [
  { what: "exited with 0", operation: "exit", params: { code: 0 }, state: "stopped" },
  {
    what: "exited with 37",
    operation: "exit",
    params: { code: 37 },
    state: "failed",
    message: [/\b37\b/, "the exit code 37"],
  },
  {
    what: "died of SIGABRT",
    operation: "crash",
    params: { how: "SIGABRT" },
    state: "failed",
    // An init inside the guest makes 128 and the number of it, and the first process of a namespace dies of SIGSEGV.
    message: [/SIGABRT|SIGIOT|SIGSEGV|\b(6|11|134|139)\b/, "the signal SIGABRT"],
  },
];

export const showsPluginsEnd = defineCheck({
  id: "session/get-session/shows-plugins-end",
  title: "a plugin's own end shows at once: stopped after exit code 0, failed with code or signal otherwise",
  requirements: ["SESS-10"],
  instance: "shared",
  cause: "Nobody watches the process once it serves, or every end is the same state.",
  mend: "Watch the process; keep its exit code or signal, and say it in state and state_message from then on.",
  run: async (t) => {
    const provider = await t.provider();
    for (const { what, operation, params, state, message } of ends) {
      const session = await t.session(provider);
      const plugin = await t.plugin(session);
      // Its answer may be lost with it.
      await plugin.client.execute({ operation, params }).catch(() => undefined);
      let found = { state: "", stateMessage: "" };
      const shown = await t.eventually(`a plugin that ${what} shows as ${state}`, atOnceMs, async () => {
        found = await looked(t, () => session.get());
        return found.state === state ? undefined : `the session's state is ${JSON.stringify(found.state)}`;
      });
      if (!shown || message === undefined) continue;
      t.expect(
        message[0].test(found.stateMessage),
        `state_message of a plugin that ${what} is ${JSON.stringify(found.stateMessage)}; expected ${message[1]} in it`,
      );
    }
  },
});

export const endsLeftoversUnasked = defineCheck({
  id: "session/plugin-exit/cleans-up-unasked",
  title: "when a plugin ends by itself, what it has started is ended too, without any call from the host",
  requirements: ["SESS-12"],
  needs: ["local-processes"],
  instance: "shared",
  cause: "Cleaning up waits for GetSession or StopSession; the host asks for neither once a plugin runs.",
  mend: "Watch the plugin's process, and end the rest of its tree when it ends.",
  run: async (t) => {
    const provider = await t.provider();
    for (const { what, operation, params } of ends) {
      const session = await t.session(provider);
      const plugin = await t.plugin(session, { atStart: ["fork:plain", "fork:session", "fork:daemon"] });
      await plugin.client.execute({ operation, params }).catch(() => undefined);
      plugin.close();
      await t.eventually(`with no call, all that a plugin which ${what} had started has ended`, 5_000, () =>
        leftOf(t.place),
      );
    }
  },
});

/** A session that is gone shows nothing. */
async function looked<T extends { state: string; stateMessage: string }>(
  t: CheckContext,
  get: () => Promise<T>,
): Promise<{ state: string; stateMessage: string }> {
  try {
    return await get();
  } catch (error) {
    if (!(error instanceof RuntimeProviderError) || t.signal.aborted) throw error;
    return { state: error.code, stateMessage: error.message };
  }
}
