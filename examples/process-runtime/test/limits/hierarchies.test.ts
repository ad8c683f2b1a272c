import { describe, expect, it } from "vitest";
import { hierarchiesOf } from "../../src/limits/hierarchies.js";

/** What a machine's kernel says about its cgroups; `controllers` by the path of a cgroup of version 2. */
interface Machine {
  readonly mounts: readonly string[];
  readonly own: readonly string[];
  readonly controllers?: Readonly<Record<string, string>>;
}

const find = ({ mounts, own, controllers = {} }: Machine, place?: string) =>
  hierarchiesOf(mounts.join("\n"), own.join("\n"), place, (path) =>
    Promise.resolve(controllers[path.replace("/cgroup.controllers", "")] ?? ""),
  );

const unified = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
const hybrid: Machine = {
  mounts: [
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct",
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
    "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime shared:3 master:1 - cgroup cgroup rw,pids",
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd",
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
  ],
  own: ["9:name=systemd:/", "8:pids:/a", "4:memory:/group/one", "2:cpu,cpuacct:/", "0::/"],
  controllers: { "/sys/fs/cgroup/unified": "hugetlb" },
};

describe("cgroup hierarchies", () => {
  it("SESS-10: version 2 is one hierarchy, with this process's cgroup as the place", async () => {
    const own = "/user.slice/gestalt.service";
    const parent = `/sys/fs/cgroup${own}`;
    const machine = {
      mounts: [unified],
      own: [`0::${own}`],
      controllers: { [parent]: "cpu io memory pids\n" },
    };
    expect(await find(machine)).toEqual([{ version: 2, controllers: ["memory", "cpu", "pids"], parent }]);
  });

  it("SESS-10: version 1 is one for each controller; version 2 beside it counts for what it has", async () => {
    const version = 1;
    const v1 = [
      { version, controllers: ["cpu"], parent: "/sys/fs/cgroup/cpu,cpuacct" },
      { version, controllers: ["memory"], parent: "/sys/fs/cgroup/memory/group/one" },
      { version, controllers: ["pids"], parent: "/sys/fs/cgroup/pids/a" },
    ];
    expect(await find(hybrid)).toEqual(v1);
    const withPids = { ...hybrid, mounts: hybrid.mounts.filter((line) => !line.includes("/pids ")) };
    const controllers = { "/sys/fs/cgroup/unified": "pids" };
    expect(await find({ ...withPids, controllers })).toEqual([
      ...v1.slice(0, 2),
      { version: 2, controllers: ["pids"], parent: "/sys/fs/cgroup/unified" },
    ]);
  });

  it("SESS-10: the operator's place counts in every hierarchy", async () => {
    expect((await find(hybrid, "/gestalt")).map(({ parent }) => parent)).toEqual([
      "/sys/fs/cgroup/cpu,cpuacct/gestalt",
      "/sys/fs/cgroup/memory/gestalt",
      "/sys/fs/cgroup/pids/gestalt",
    ]);
  });

  it("SESS-10: in a container the mount's root is taken off, and what lies above it is out of reach", async () => {
    const mount = "35 24 0:30 /docker/7 /sys/fs/cgroup rw - cgroup cgroup rw,memory";
    expect(await find({ mounts: [mount], own: ["4:memory:/docker/7/inner"] })).toEqual([
      { version: 1, controllers: ["memory"], parent: "/sys/fs/cgroup/inner" },
    ]);
    expect(await find({ mounts: [mount], own: ["4:memory:/elsewhere"] })).toEqual([]);
    const blank = "35 24 0:30 / /mnt/two\\040words rw - cgroup cgroup rw,memory";
    expect((await find({ mounts: [blank], own: ["4:memory:/"] }))[0]?.parent).toBe("/mnt/two words");
  });

  it("SESS-10: where there are none, none are found", async () => {
    expect(await find({ mounts: ["21 1 0:5 / /proc rw - proc proc rw"], own: [] })).toEqual([]);
    expect(await find({ mounts: [unified], own: ["0::/"], controllers: {} })).toEqual([]);
  });
});
