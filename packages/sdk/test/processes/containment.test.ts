import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { detectContainment, openProcessTree } from "../../src/processes/index.js";
import { canNamespace, describeKinds, fixture, startFixture, textOf } from "./support.js";

interface Found {
  readonly kind: string;
  readonly reason?: string;
  readonly forced: string;
}

async function detectIn([command = "", ...args]: readonly string[]): Promise<Found> {
  const child = spawn(command, [...args, fixture("tree-detect"), "detect"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(await textOf(child.stdout)) as Found;
}

describe("detectContainment", () => {
  it("PROC-8: tells the kind that works here, and why not a better one", async () => {
    const found = await detectContainment();
    expect(found).toEqual(
      canNamespace
        ? { kind: "pid-namespace", endsWithProvider: true, reason: undefined }
        : {
            kind: "process-group",
            endsWithProvider: true,
            reason: expect.stringMatching(/^no PID namespace: ./) as string,
          },
    );
    expect(await detectContainment()).toBe(found);
    await using tree = await openProcessTree();
    expect(tree.kind).toBe(found.kind);
  });

  it.runIf(canNamespace)(
    "PROC-8: where no namespace may be made, it is a process group, and says what was said",
    async () => {
      const script = 'echo 0 > /proc/sys/user/max_pid_namespaces; exec "$@"';
      const limited = [
        "unshare",
        "--user",
        "--map-root-user",
        "sh",
        "-c",
        script,
        "limited",
        process.execPath,
      ];
      const found = await detectIn(limited);
      expect(found).toMatchObject({ kind: "process-group", endsWithProvider: true });
      expect(found.reason).toMatch(/^no PID namespace: unshare: .*No space left on device$/);
      expect(found.forced).toBe(`a tree of kind pid-namespace can't be had here: ${found.reason}`);
    },
  );

  it.runIf(canNamespace && process.getuid?.() === 0)(
    "PROC-8: root without privileges uses a user namespace",
    async () => {
      const bound = ["setpriv", "--inh-caps=-sys_admin", "--bounding-set=-sys_admin", "--", process.execPath];
      expect(await detectIn(bound)).toMatchObject({ kind: "pid-namespace", forced: "had" });
    },
  );

  it("refuses to work in a worker thread, whose end would be the trees' end", async () => {
    const refusals = (await textOf(startFixture("tree-worker", []).stdout)).trim().split("\n");
    expect(refusals).toHaveLength(2);
    expect(refusals[0]).toMatch(
      /openProcessTree was called in a worker thread: .*Call it in the main thread$/,
    );
    expect(refusals[1]).toMatch(/detectContainment was called in a worker thread/);
  });
});

describeKinds("an open tree in which nothing runs", (kind) => {
  it("does not keep its process alive", async () => {
    const idle = startFixture("tree-detect", ["idle", kind]);
    expect(await textOf(idle.stdout)).toBe("open\n");
  });
});
