import { parseDialTarget, probeHttp2 } from "@gestalt-runtime/sdk";
import type { AtStart } from "../../../plugins/at-start.js";
import { defineCheck } from "../../check/check.js";
import { startDifferently } from "./start-differently.js";

export const waitsForListener = defineCheck({
  id: "plugin/start-plugin/waits-until-it-listens",
  title: "StartPlugin answers once the plugin accepts gRPC, not before",
  requirements: ["PLUG-4"],
  instance: "shared",
  cause:
    "StartPlugin answers when the process is there; the host's first dial then fails and costs its 1 s backoff.",
  mend: "Dial the target and wait for an HTTP/2 SETTINGS frame before answering.",
  run: async (t) => {
    const provider = await t.provider();
    const session = await t.session(provider);
    const hosted = await t.expect.answered(
      "StartPlugin of a plugin that listens after 400 ms",
      session.startPlugin(t.pluginRequest({ atStart: ["listen-late:400"] })),
    );
    // Once, without the patience of a gRPC client.
    const found = await probeHttp2(parseDialTarget(hosted.dialTarget), t.subject.times.callMs, t.signal);
    // Where no target works at all, it is not for haste.
    if (found !== "http2") await t.plugin(await t.session(provider));
    t.expect.equal("what a single dial of the target found right after StartPlugin's answer", found, "http2");
  },
});

export const neverServes = defineCheck({
  id: "plugin/start-plugin/never-serves",
  title:
    "StartPlugin is not answered with OK for a plugin that never listens, speaks no HTTP/2 or says nothing",
  requirements: ["PLUG-4"],
  instance: "shared",
  cause: "The socket's file, or an accepted connection, is taken for a plugin that serves.",
  mend: "Wait for an HTTP/2 SETTINGS frame on a connection of your own.",
  run: async (t) => {
    const provider = await t.provider();
    const begun = performance.now();
    await t.plugin(await t.session(provider));
    // Long enough for it to have come as far as it does, on this machine and at this moment.
    const waitMs = Math.max(1_000, Math.round(5 * (performance.now() - begun)));
    const ways: readonly (readonly [string, AtStart])[] = [
      ["never listens", "no-listen"],
      ["answers with something that is no HTTP/2", "no-http2"],
      ["accepts and says nothing", "silent"],
    ];
    await Promise.all(
      ways.map(async ([what, behaviour]) => {
        const session = await t.session(provider);
        const answer = await session
          .startPlugin(t.pluginRequest({ atStart: [behaviour] }), { timeoutMs: waitMs })
          .then(
            () => "OK",
            () => "an error",
          );
        t.expect(answer !== "OK", `StartPlugin was answered with OK for a plugin that ${what}`);
      }),
    );
  },
});

export const talksMuch = defineCheck({
  id: "plugin/start-plugin/talks-before-it-serves",
  title: "a plugin that writes more than a pipe holds before it serves is not held up",
  requirements: ["PLUG-4"],
  instance: "shared",
  cause:
    "stdout and stderr are pipes that nobody reads until the plugin serves: it hangs when they are full.",
  mend: "Read both from the start, or give the plugin a file or /dev/null.",
  run: async (t) => {
    const plugin = await startDifferently(t, "1 MB written to stdout and to stderr before it serves", {
      atStart: ["talk:1000000"],
    });
    await plugin.execute("echo");
  },
});
