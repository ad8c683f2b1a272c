import { link, rename } from "node:fs/promises";
import { createServer } from "node:net";
import { defineCheck } from "../../check/check.js";

export const replacesStaleSocket = defineCheck({
  id: "process/socket/replaces-stale-file",
  title: "a socket file that a dead provider left at the path does not keep the next one from serving",
  requirements: ["PROC-2"],
  cause: "listen() fails with EADDRINUSE when the file is there, whether anybody listens or not.",
  mend: "Unlink the path before listening, if it is a socket; or listen beside it and rename.",
  run: async (t) => {
    const process = await t.bareProcess({ prepare: leaveStaleSocket });
    const fault = await process.servingFault(t.signal);
    t.expect(fault === undefined, `with a stale socket file at its path: ${fault ?? ""}`);
  },
});

/** Listens, and dies without cleaning up, as a killed provider does. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, resolve);
  });
  // Node.js unlinks the path at close, so a copy under the same name has to be put back.
  await link(path, `${path}.kept`);
  await new Promise((resolve) => server.close(resolve));
  await rename(`${path}.kept`, path);
}
