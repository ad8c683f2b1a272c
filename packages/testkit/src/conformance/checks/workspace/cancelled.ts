import { createServer, type AddressInfo, type Socket } from "node:net";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { newPaths, preparedOrBlocked, prepare, usualPaths } from "./prepares.js";
import { makeRepository } from "./repository.js";

const limitMs = 3_000;

export const cancelledLeavesNothing = defineCheck({
  id: "workspace/prepare-workspace/cancelled",
  title: "a PrepareWorkspace that is cancelled leaves neither files nor a process, and can be asked again",
  requirements: ["WORK-2"],
  needs: ["spawned", "local-processes"],
  instance: "shared",
  cause: "The checkout goes on when the call has ended, or what it has made so far stays.",
  mend: "Pass the call's signal on to git; when it fires, end git and its helpers and remove the workspace.",
  run: async (t) => {
    const repository = await makeRepository(t);
    const silent = await silentServer(t);
    const session = await t.session(await t.provider());
    const usual = await usualPaths(t, session, repository);
    const processes = t.place.processes().length;
    const cancel = new AbortController();
    const ended = new AbortController();
    const call = prepare(session, { url: silent.url, ref: "main" }, { signal: cancel.signal })
      .catch(() => undefined)
      .finally(() => ended.abort());
    const deadline = performance.now() + t.subject.times.callMs / 2;
    while (silent.connections() === 0 && !ended.signal.aborted && performance.now() < deadline)
      await t.pause(10);
    cancel.abort();
    await call;
    await t.eventually("after a PrepareWorkspace was cancelled nothing of it is left", limitMs, () => {
      const files = newPaths(t, usual);
      const more = t.place.processes().length - processes;
      return files + Math.max(0, more) === 0 ? undefined : `${files} files and ${more} processes are`;
    });
    await t.eventually("after a PrepareWorkspace was cancelled its connection is closed", limitMs, () =>
      silent.open() === 0 ? undefined : "the checkout goes on",
    );
    await preparedOrBlocked(t, session, repository);
  },
});

interface SilentServer {
  readonly url: string;
  readonly connections: () => number;
  readonly open: () => number;
}

/** A git server that takes every request and never answers. */
async function silentServer(t: CheckContext): Promise<SilentServer> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, resolve);
  });
  t.cleanUp("close the silent server", () => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/repository.git`,
    connections: () => connections,
    open: () => open.size,
  };
}
