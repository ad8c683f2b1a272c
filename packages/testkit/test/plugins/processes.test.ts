import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { isRunning, startPlugin } from "./running-plugin.js";

const inNamespace: [string, ...string[]] = [
  "unshare",
  "--user",
  "--map-current-user",
  "--pid",
  "--fork",
  "--kill-child",
];
const hasNamespaces = spawnSync(inNamespace[0], [...inNamespace.slice(1), "true"]).status === 0;

it("tells its process ids and its descendants", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  const before = await plugin.call("processes");
  expect(before).toMatchObject({
    pid: plugin.child.pid,
    ppid: process.pid,
    insidePid: before.pid,
    insideParentPid: before.ppid,
    descendants: [],
  });
  const child = await plugin.call("spawn");
  plugin.adopt(child.pid);
  const after = await plugin.call("processes");
  // Newer Node.js names its main thread.
  const name = expect.stringMatching(/^(node|MainThread)$/) as string;
  expect(after.descendants).toEqual([{ ...child, state: expect.any(String) as string, name }]);
});

it("starts plain children, session leaders and daemons that outlive it", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  const own = await plugin.call("processes");
  const plain = await plugin.call("spawn", { kind: "plain" });
  const leader = await plugin.call("spawn", { kind: "session" });
  const daemon = await plugin.call("spawn", { kind: "daemon" });
  for (const { pid } of [plain, leader, daemon]) plugin.adopt(pid);

  expect(plain).toMatchObject({ ppid: own.pid, pgid: own.pgid, sid: own.sid });
  expect(leader).toMatchObject({ ppid: own.pid, pgid: leader.pid, sid: leader.pid });
  expect(daemon.ppid).not.toBe(own.pid);
  expect(daemon.sid).not.toBe(own.sid);
  expect(daemon.sid).not.toBe(daemon.pid);
  const { descendants } = await plugin.call("processes");
  expect(descendants.map(({ pid }) => pid).sort()).toEqual([plain.pid, leader.pid].sort());

  plugin.child.kill("SIGTERM");
  expect(await plugin.ended).toEqual({ code: 0, signal: null });
  expect([plain, leader, daemon].map(({ pid }) => isRunning(pid))).toEqual([true, true, true]);
});

it("starts processes that ignore SIGTERM, and others that don't", async () => {
  const plugin = await startPlugin();
  await plugin.ready();
  const deaf = await plugin.call("spawn", { kind: "session", ignoreSigterm: true });
  const polite = await plugin.call("spawn", { kind: "session" });
  for (const { pid } of [deaf, polite]) {
    plugin.adopt(pid);
    process.kill(pid, "SIGTERM");
  }
  await expect.poll(() => isRunning(polite.pid)).toBe(false);
  expect(isRunning(deaf.pid)).toBe(true);
});

it("starts processes with an empty environment, without its output, and of a short life", async () => {
  const plugin = await startPlugin({ env: { MARK: "1" } });
  await plugin.ready();
  const bare = await plugin.call("spawn", { emptyEnvironment: true, output: "ignore" });
  plugin.adopt(bare.pid);
  expect(readFileSync(`/proc/${bare.pid}/environ`, "utf8")).not.toContain("MARK");
  const brief = await plugin.call("spawn", { kind: "daemon", lifetimeMs: 1 });
  await expect.poll(() => isRunning(brief.pid)).toBe(false);
});

it.skipIf(!hasNamespaces)("tells the host's ids in a PID namespace that kept the host's /proc", async () => {
  const plugin = await startPlugin({ wrapper: inNamespace });
  await plugin.ready();
  const tree = await plugin.call("processes");
  expect(tree.insidePid).toBe(1);
  expect(tree.pid).not.toBe(1);
  expect(tree.ppid).toBe(plugin.child.pid);
  const daemon = await plugin.call("spawn", { kind: "daemon", ignoreSigterm: true });
  expect(daemon.ppid).toBe(tree.pid);
  expect(isRunning(daemon.pid)).toBe(true);

  const refused = await plugin.execute("crash", { how: "SIGKILL" });
  expect(refused).toMatchObject({
    status: 409,
    body: { error: expect.stringContaining("SIGKILL") as string },
  });

  plugin.child.kill("SIGKILL");
  await expect.poll(() => [isRunning(tree.pid), isRunning(daemon.pid)]).toEqual([false, false]);
});
