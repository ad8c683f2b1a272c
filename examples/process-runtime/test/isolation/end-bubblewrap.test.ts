import { randomUUID } from "node:crypto";
import { findTool, openProcessTree, type TreeProcess } from "@gestalt-runtime/sdk/processes";
import { expect, it, onTestFinished } from "vitest";
import { firstChildOf } from "../../src/isolation/bwrap-status.js";
import { endBubblewrap } from "../../src/isolation/end-bubblewrap.js";
import { processesNaming } from "../processes.js";
import { describeIsolated } from "./support.js";

/** So many that bubblewrap is met while it makes them. */
const folders = Array.from({ length: 3_000 }, (_, index) => ["--dir", `/tmp/${index}`]).flat();

/** Starts bubblewrap, and gives it once its guest's first process is there, which has much to do before it runs the program. */
async function whileItMakesAGuest(marker: string): Promise<TreeProcess> {
  const tree = await openProcessTree({ kind: "process-group" });
  onTestFinished(async () => {
    for (const pid of processesNaming(marker)) process.kill(pid, "SIGKILL");
    await tree.kill();
  });
  const child = await tree.spawn({
    command: findTool("bwrap") ?? "",
    args: [
      ...[
        "--unshare-user",
        "--unshare-pid",
        "--die-with-parent",
        "--new-session",
        "--ro-bind",
        "/",
        "/",
        "--tmpfs",
        "/tmp",
      ],
      ...[...folders, "--", "/bin/sleep", "1000"],
    ],
    env: { MARKER: marker },
  });
  const { pid = 0 } = child;
  while (firstChildOf(pid) === undefined) await new Promise((resolve) => setImmediate(resolve));
  return child;
}

describeIsolated("bubblewrap that is ended while it makes a guest", () => {
  it("SESS-11: takes its guest along, which has not asked the kernel for that yet", async () => {
    const marker = randomUUID();
    await endBubblewrap(await whileItMakesAGuest(marker));
    expect(processesNaming(marker)).toEqual([]);
  });
});
