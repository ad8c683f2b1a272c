import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineCheck } from "../../check/check.js";
import { SubjectSession } from "../../subject/session.js";

export const namesMissingHint = defineCheck({
  id: "session/start-session/names-missing-hint",
  title:
    "without image and template StartSession works, or is INVALID_ARGUMENT and names the operator's field",
  requirements: ["SESS-3"],
  instance: "shared",
  cause: "The empty image goes to the backend, whose complaint says nothing of the operator's config.",
  mend:
    "Check the hints first; refuse with INVALID_ARGUMENT and the field's whole path, " +
    "plugins.<name>.execution.runtime.image (or .template).",
  run: async (t) => {
    const provider = await t.provider();
    // Where no session gets ready, it is not for lack of an image.
    await t.session(provider);
    const { runtime } = provider;
    let started;
    try {
      started = await runtime.startSession(t.sessionRequest({ image: "", template: "" }));
    } catch (error) {
      if (!(error instanceof RuntimeProviderError)) throw error;
      const refusal = Promise.reject(error);
      await t.expect.refused("StartSession without image and template", refusal, "INVALID_ARGUMENT", {
        naming: ["plugins.", ".execution.runtime."],
      });
      return;
    }
    // One that starts has no need; one that then fails should have refused.
    const session = new SubjectSession(provider, started, {});
    const { state } = await session.get();
    t.expect(
      state !== "failed",
      "a session without image and template was started and turned failed; it had to be refused, naming the field",
    );
  },
});

export const impossibleImageFails = defineCheck({
  id: "session/start-session/impossible-image",
  title: "a session whose image can't be had turns failed with a reason and a message, or is refused",
  requirements: ["SESS-4"],
  instance: "shared",
  cause: "The session stays pending while the backend tries again and again: the host waits for ever.",
  mend: 'Give up after some tries: state "failed", state_reason one word, state_message a sentence.',
  run: async (t) => {
    const provider = await t.provider();
    await t.session(provider);
    const image = "registry.invalid/conformance/no-such:image";
    let started;
    try {
      started = await provider.runtime.startSession(t.sessionRequest({ image }));
    } catch (error) {
      // A refusal is as good.
      if (error instanceof RuntimeProviderError && error.code !== "DEADLINE_EXCEEDED") return;
      throw error;
    }
    const { id } = started;
    let last = started;
    const settled = await t.eventually(
      "a session whose image can't be had settles",
      3 * t.subject.times.callMs,
      async () => {
        last = await provider.runtime.getSession({ sessionId: id });
        return last.state === "failed" || last.state === "ready"
          ? undefined
          : `it is ${JSON.stringify(last.state)}`;
      },
    );
    // One that is ready has no use for images.
    if (!settled || last.state === "ready") return;
    t.expect(
      /^\S+$/.test(last.stateReason),
      `its state_reason is ${JSON.stringify(last.stateReason)}; expected one word`,
    );
    t.expect(last.stateMessage.trim() !== "", "its state_message is empty");
  },
});
