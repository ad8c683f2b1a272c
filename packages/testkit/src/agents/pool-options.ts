/** `execution.runtime.pool` of an agent. */
export interface PoolOptions {
  /** Instances that are held ready. Default 1. */
  readonly minReadyInstances?: number;
  /** The most that are ready at a time; one that drains is not counted. Default: `minReadyInstances`. */
  readonly maxReadyInstances?: number;
  /** For one instance's whole start; each call of it carries what is left. Default 60,000. */
  readonly startupTimeoutMs?: number;
  /** Between two looks at the instances. Default 30,000. */
  readonly healthCheckIntervalMs?: number;
  /**
   * With `always`, an instance that is found dead is replaced. With `never` it is only given up, and its looks have no
   * deadline. Default `always`.
   */
  readonly restartPolicy?: "always" | "never";
  /** How long an instance that is replaced, or stopped with the host, may finish its work. Default 30,000. */
  readonly drainTimeoutMs?: number;
}

export type ResolvedPool = Required<PoolOptions>;

export function resolvePool(pool: PoolOptions = {}): ResolvedPool {
  const minReadyInstances = pool.minReadyInstances ?? 1;
  return {
    minReadyInstances,
    maxReadyInstances: pool.maxReadyInstances ?? minReadyInstances,
    startupTimeoutMs: pool.startupTimeoutMs ?? 60_000,
    healthCheckIntervalMs: pool.healthCheckIntervalMs ?? 30_000,
    restartPolicy: pool.restartPolicy ?? "always",
    drainTimeoutMs: pool.drainTimeoutMs ?? 30_000,
  };
}

/** @throws TypeError that names the field, the fault and the mend */
export function checkPool(field: string, pool: PoolOptions | undefined): void {
  const resolved = resolvePool(pool);
  for (const name of [
    "minReadyInstances",
    "maxReadyInstances",
    "startupTimeoutMs",
    "healthCheckIntervalMs",
    "drainTimeoutMs",
  ] as const) {
    const value = resolved[name];
    const least = name === "drainTimeoutMs" ? 0 : 1;
    if (!Number.isInteger(value) || value < least)
      throw new TypeError(`${field}.${name} is ${value}; give a whole number from ${least} on`);
  }
  if (resolved.maxReadyInstances < resolved.minReadyInstances)
    throw new TypeError(
      `${field}.maxReadyInstances is ${resolved.maxReadyInstances}, less than minReadyInstances ` +
        `(${resolved.minReadyInstances}); make it at least that`,
    );
}
