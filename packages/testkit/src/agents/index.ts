/**
 * Hosted agents at the level of their lifecycle: pools of instances, each in a session of its own, that are watched,
 * drained and replaced (SESS-9, SESS-12).
 */
export { AgentInstance } from "./agent-instance.js";
export { AgentPool } from "./agent-pool.js";
export { checkPool, resolvePool, type PoolOptions, type ResolvedPool } from "./pool-options.js";
