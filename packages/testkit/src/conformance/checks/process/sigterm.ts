import { existsSync } from "node:fs";
import { describeEnd } from "../../../host/provider-process.js";
import { defineCheck } from "../../check/check.js";

export const exitsOnSigterm = defineCheck({
  id: "process/sigterm/exits-cleanly",
  title: "SIGTERM ends a configured provider with exit code 0 before the host's SIGKILL, its socket removed",
  requirements: ["PROC-6"],
  cause: "SIGTERM has no handler, waits for idle connections, or something keeps the event loop alive.",
  mend: "On SIGTERM end calls in flight, close the server, remove the socket file and exit with 0, all within 2 s.",
  run: async (t) => {
    const { instance } = await t.provider();
    // The connection stays open on purpose: the host's own may be slow to close.
    const report = await instance.process.terminate(instance.times.providerStopMs);
    if (report.killed)
      t.expect.fail(`the provider was still running ${instance.times.providerStopMs} ms after SIGTERM`);
    t.expect(
      report.code === 0,
      `SIGTERM ended the provider with ${describeEnd(report)}; expected exit code 0`,
    );
    t.expect(!existsSync(instance.socketPath), "the provider's socket file is still there after its exit");
  },
});
