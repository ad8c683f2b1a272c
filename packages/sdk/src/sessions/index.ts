export { createSessionRuntime, type SessionRuntimeOptions } from "./session-runtime.js";
export type * from "./backend.js";
export { pluginEnvironment, safeBaseEnvironment, type EnvironmentParts } from "./environment.js";
