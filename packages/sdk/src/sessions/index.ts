export { createSessionRuntime, type MakeBackend, type SessionRuntimeOptions } from "./session-runtime.js";
export { pluginEnvironment, safeBaseEnvironment, type EnvironmentParts } from "./environment.js";
export { BackendError, type BackendErrorOptions } from "./backend-error.js";
export type * from "./backend.js";
export type * from "./guest.js";
export type { RateLimits, RetryLimits, SessionLimits } from "./limits.js";
export type { OpenGuestBridge } from "./surroundings.js";
export type { OpenSessionStore, SessionRecord, SessionStore, SessionStoreContext } from "./session-store.js";
export type { WorkspaceBackend, WorkspaceRequest } from "./workspaces.js";
