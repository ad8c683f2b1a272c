import { spawn, spawnSync } from "node:child_process";
import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Launcher } from "../../../sandbox/index.js";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { CheckBlocked } from "../../check/outcome.js";
import { owners } from "../../check/steps.js";
import { expectStarts } from "./starts-so.js";

export const stdinSaysNothing = defineCheck({
  id: "process/stdin/end-says-nothing",
  title: "the provider lives on though its stdin is /dev/null and at its end",
  requirements: ["PROC-5"],
  cause: "The end of stdin is taken for the host's death, or requests are expected there.",
  mend: "Leave stdin alone; watch the parent's process id for the host's death (PROC-7).",
  run: (t) =>
    expectStarts(t, {
      so: "with /dev/null as stdin",
      options: {},
      otherwise: "with a pipe that stays open",
      other: { launch: withOpenStdin },
      stays: true,
    }),
});

/** Lines that a plugin writes while nobody reads the provider's output: more than any pipe holds. */
const lines = 5_000;

export const nobodyReadsOutput = defineCheck({
  id: "process/output/nobody-reads",
  title: "the provider works while its stdout and stderr are full and nobody reads them",
  requirements: ["PROC-5"],
  cause: "Logging is a write that waits: one full pipe, and every call that logs hangs.",
  mend: "Write to stdout and stderr from a bounded queue of its own, and drop (and count) what does not fit.",
  run: async (t) => {
    const process = await t.bareProcess({ launch: withFullOutput(t) });
    const fault = await process.servingFault(t.signal);
    if (fault !== undefined) {
      const alike = await (await t.bareProcess()).servingFault(t.signal);
      if (alike !== undefined) throw new CheckBlocked(owners.serves, alike);
      return t.expect.fail(`with stdout and stderr full the provider does not come up: ${fault}`);
    }
    const provider = await t.attach(process);
    const so = "with stdout and stderr full and unread";
    const { name, config = {} } = t.subject;
    const empty = Object.keys(config).length === 0;
    await t.expect.answered(
      `ConfigureProvider ${so}`,
      provider.lifecycle.configureProvider({ name, protocolVersion: 3, ...(empty ? {} : { config }) }),
    );
    await t.expect.answered(`GetSupport ${so}`, provider.runtime.getSupport());
    if (t.profile.support?.canHostPlugins === true) {
      const session = await t.session(provider);
      const plugin = await t.plugin(session);
      // A runtime may make the plugin wait for a reader. It must not wait itself.
      const params = { count: lines, stream: "both" } as const;
      void plugin.client.execute({ operation: "log", params }).catch(() => undefined);
      await t.pause(50);
      await t.expect.answered(`GetSession ${so}`, session.get());
      await t.expect.answered(`StopSession ${so}`, session.stop());
    }
    await t.expect.answered(`ListSessions ${so}`, provider.runtime.listSessions());
  },
});

const withOpenStdin: Launcher = ({ command, args, environment, cwd }) => {
  const child = spawn(command, args, { cwd, env: { ...environment }, stdio: ["pipe", "pipe", "pipe"] });
  return { child, signal: (signal) => child.kill(signal) };
};

/** Stdout and stderr are one pipe that is full to the brim and that somebody holds and never reads. */
function withFullOutput(t: CheckContext): Launcher {
  const path = t.place.ofSuite(join(t.place.directory, "output"));
  const { error, status } = spawnSync("mkfifo", [path], { stdio: "ignore" });
  if (error !== undefined || status !== 0)
    t.missing("mkfifo, of the package coreutils, can't make a pipe with a name");
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  t.cleanUp("close the full pipe", () => {
    closeSync(reader);
    rmSync(path);
  });
  for (const block of [4_096, 1]) fill(reader, Buffer.alloc(block, "\n"));
  return ({ command, args, environment, cwd }) => {
    const writer = openSync(path, constants.O_WRONLY);
    try {
      const child = spawn(command, args, {
        cwd,
        env: { ...environment },
        stdio: ["ignore", writer, writer],
      });
      return { child, signal: (signal) => child.kill(signal) };
    } finally {
      closeSync(writer);
    }
  };
}

function fill(descriptor: number, block: Buffer): void {
  try {
    for (;;) writeSync(descriptor, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
}
