import { readdirSync } from "node:fs";
import { defineCheck } from "../../check/check.js";

export const stopFreesFiles = defineCheck({
  id: "session/stop-session/frees-files",
  title: "StopSession removes the session's sockets and directories",
  requirements: ["SESS-8"],
  needs: ["spawned", "local-processes"],
  instance: "shared",
  cause: "Directories are left for the provider's end, or for the system to clean.",
  mend: "Remove what was made for the session, after its processes have ended and before the call is answered.",
  run: async (t) => {
    const provider = await t.provider();
    // What is made once for all sessions is no session's.
    const first = await t.session(provider);
    await t.plugin(first);
    await t.relies("stop", "StopSession", () => first.stop());
    const before = new Set(t.place.paths());
    const session = await t.session(provider);
    await t.relies("bind", "BindHostService", () => session.bind("BOUND", "tls://relay.example.com:1"));
    await t.plugin(session);
    await t.relies("stop", "StopSession", () => session.stop());
    await t.eventually("after StopSession the session's files are gone", 3_000, () => {
      const left = t.place.paths().filter((path) => !before.has(path));
      return left.length === 0 ? undefined : `${left.length} are left below TMPDIR`;
    });
  },
});

const sessions = 4;

export const stopFreesDescriptors = defineCheck({
  id: "session/stop-session/frees-descriptors",
  title: "the provider has no more open files after a session than before",
  requirements: ["SESS-8"],
  needs: ["spawned", "local-processes"],
  instance: "shared",
  cause:
    "Pipes, sockets or watchers of a session stay open when it is stopped: a provider that runs for weeks runs out.",
  mend: "Close all that was opened for a session when it ends: its listener, its probes, its pipes, its log.",
  run: async (t) => {
    const provider = await t.provider();
    const open = (): number => readdirSync(`/proc/${provider.instance.process.pid}/fd`).length;
    const round = async (): Promise<void> => {
      const session = await t.session(provider);
      (await t.plugin(session)).close();
      await t.relies("stop", "StopSession", () => session.stop());
    };
    await round();
    await round();
    const before = open();
    for (let time = 0; time < sessions; time += 1) await round();
    await t.eventually(
      `after ${sessions} more sessions the provider's open files are as many as before`,
      3_000,
      () => {
        const more = open() - before;
        return more < sessions ? undefined : "there is at least one more for each session";
      },
    );
  },
});
