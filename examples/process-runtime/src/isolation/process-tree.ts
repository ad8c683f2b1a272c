import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  checkProgram,
  openProcessTree,
  type ContainmentKind,
  type ProcessTree,
  type ProgramSpec,
  type StopOptions,
  type StopReport,
} from "@gestalt-runtime/sdk/processes";
import type { Enclosure, EnclosureRequest, GuestProcess, Isolation, Limits } from "./isolation.js";

/** Where nothing better can be had, or nothing is wanted: the programs see the machine as it is. */
export class ProcessTreeIsolation implements Isolation {
  readonly kind = "process-tree";
  readonly hostServices = "direct";
  readonly closesNetworks = false;

  /** @param onTree told of each tree before a program runs in it */
  constructor(
    private readonly containment: ContainmentKind,
    private readonly onTree: (tree: ProcessTree) => Promise<void>,
  ) {}

  async open({ directory, limits }: EnclosureRequest): Promise<Enclosure> {
    const [home, temporary] = [join(directory, "home"), join(directory, "tmp")];
    await Promise.all([home, temporary].map((path) => mkdir(path, { mode: 0o700 })));
    const tree = await openProcessTree({ kind: this.containment });
    try {
      await this.onTree(tree);
    } catch (error) {
      await tree.kill();
      throw error;
    }
    return new TreeEnclosure(tree, directory, limits);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class TreeEnclosure implements Enclosure {
  readonly shared: Enclosure["shared"];
  readonly env: Enclosure["env"];

  constructor(
    private readonly tree: ProcessTree,
    directory: string,
    private readonly limits: Limits,
  ) {
    this.shared = { onHost: directory, inGuest: directory };
    this.env = { HOME: join(directory, "home"), TMPDIR: join(directory, "tmp") };
  }

  async spawn(program: ProgramSpec): Promise<GuestProcess> {
    const [launcher, ...before] = this.limits.launcher;
    if (launcher === undefined) return this.tree.spawn(program);
    // The launcher would say less well what is wrong with it.
    const { command, args, ...rest } = await checkProgram(program);
    return this.tree.spawn({ ...rest, command: launcher, args: [...before, command, ...args] });
  }

  stop(options: StopOptions): Promise<StopReport> {
    return this.tree.stop(options);
  }
}
