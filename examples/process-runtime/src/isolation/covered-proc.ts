import { existsSync } from "node:fs";

/**
 * What of `/proc` belongs to the machine and not to a process. The kernel lets root's number write there without any
 * right besides, and a guest of a provider that is root has that number: bubblewrap's own covers are not put on then.
 */
const settings = ["acpi", "bus", "driver", "fs", "irq", "mtrr", "scsi", "sys", "sysrq-trigger", "tty"];
const secrets = ["kcore", "key-users", "keys", "kmsg", "sched_debug", "timer_list"];

const present = (names: readonly string[]): string[] =>
  names.map((name) => `/proc/${name}`).filter((path) => existsSync(path));

let covers: readonly string[] | undefined;

/** bubblewrap's arguments that make those settings read-only and those secrets unreadable: a kernel has them or not. */
export function coveredProcFiles(): readonly string[] {
  return (covers ??= [
    ...present(settings).flatMap((path) => ["--ro-bind", path, path]),
    // In a user namespace a device that is bound can't be opened.
    ...present(secrets).flatMap((path) => ["--ro-bind", "/dev/null", path]),
  ]);
}
