/** What one plugin and all that it starts may use; what is left out is not limited. */
export interface PluginLimits {
  /** Memory of all its processes together, in bytes; what goes past it is killed. */
  readonly memoryBytes?: number;
  /** Processor time in seconds for each second: 0.5 is half of one processor. */
  readonly cpus?: number;
  /** Processes and threads at the same time; starting another one fails. */
  readonly processes?: number;
  /** Open files of each process; opening another one fails. */
  readonly openFiles?: number;
}

/** Those that only a cgroup can keep, with the controller that does. */
export const controllers = { memoryBytes: "memory", cpus: "cpu", processes: "pids" } as const;

export type Controller = (typeof controllers)[keyof typeof controllers];
