import { setTimeout as delay } from "node:timers/promises";
import type { PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";
import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { leftOf } from "./left-running.js";

/** Before this moment no session can have begun: what is earlier is a zero or another unit. */
const earliestMs = Date.UTC(2020, 0, 1);

export const timesInOrder = defineCheck({
  id: "session/lifecycle/times-in-order",
  title: "a session's times are in order where they are set, left out where not, and never moved later",
  requirements: ["SESS-9"],
  instance: "shared",
  cause:
    "Times that are not known are sent as zero, which is 1970 and means expired; or each answer counts anew from now.",
  mend: "Leave unknown times unset. Find out when the session ends when it is made, and answer that ever after.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const seen = new Map<string, number>();
    look(t, "StartSession", session.started, seen);
    look(t, "GetSession", await session.get(), seen);
    await t.plugin(session);
    look(t, "GetSession once the plugin runs", await session.get(), seen);
    await t.pause(50);
    look(t, "a later GetSession", await session.get(), seen);
  },
});

/** How long a check waits for an expiry at most. */
const patienceMs = 15_000;

export const expiresByItself = defineCheck({
  id: "session/lifecycle/expires-by-itself",
  title: "a session that says when it expires has ended by then, plugin and all, without any call",
  requirements: ["SESS-12", "SESS-9"],
  needs: ["local-processes"],
  instance: "shared",
  cause: "expires_at is looked at when somebody asks, or only told to the host.",
  mend: "Set a timer when the session is made, and stop it then.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    await t.plugin(session);
    const { lifecycle } = await session.get();
    const expiresAtMs = lifecycle?.expiresAt === undefined ? Infinity : timestampMs(lifecycle.expiresAt);
    // Whether it is a time at all is another check's question.
    if (expiresAtMs < earliestMs) return;
    const inMs = expiresAtMs - Date.now();
    // Only a config with a short lifetime can show it.
    if (inMs > patienceMs) return;
    await delay(Math.max(0, inMs), undefined, { signal: t.signal });
    await t.eventually("after expires_at the plugin has ended", 5_000, () => leftOf(t.place));
    try {
      const { state } = await session.get();
      t.expect(
        state === "stopped" || state === "failed",
        `the session's state after expires_at is ${JSON.stringify(state)}; expected stopped or failed`,
      );
    } catch (error) {
      if (!(error instanceof RuntimeProviderError)) throw error;
      t.expect.equal("GetSession's status after expires_at", error.code, "NOT_FOUND");
    }
  },
});

function look(t: CheckContext, what: string, answer: PluginRuntimeSession, seen: Map<string, number>): void {
  const { startedAt, recommendedDrainAt, expiresAt } = answer.lifecycle ?? {};
  const times: (readonly [string, Timestamp | undefined])[] = [
    ["started_at", startedAt],
    ["recommended_drain_at", recommendedDrainAt],
    ["expires_at", expiresAt],
  ];
  const set = times.flatMap(([name, time]) =>
    time === undefined ? [] : [[name, timestampMs(time)] as const],
  );
  for (const [name, ms] of set)
    t.expect(
      ms >= earliestMs,
      `${what}: ${name} is ${year(ms)}; a time that is not known has to be left out`,
    );
  const real = set.filter(([, ms]) => ms >= earliestMs);
  for (const [index, [name, ms]] of real.entries()) {
    const before = real[index - 1];
    if (before !== undefined) t.expect(before[1] <= ms, `${what}: ${name} is before ${before[0]}`);
  }
  for (const [name, ms] of real) {
    if (name === "started_at") continue;
    const first = seen.get(name);
    t.expect(first === undefined || ms <= first, `${what}: ${name} is later than in an answer before`);
    seen.set(name, Math.min(ms, first ?? ms));
  }
  const expiry = real.find(([name]) => name === "expires_at")?.[1];
  t.expect(
    expiry === undefined || expiry > Date.now() || !["ready", "running"].includes(answer.state),
    `${what}: the session is ${answer.state} though its expires_at has passed`,
  );
}

function year(ms: number): string {
  return `in the year ${new Date(ms).getUTCFullYear()}`;
}
