/** The host's sandbox around a provider (PROC-10). */
export { openSandbox, type OpenSandboxOptions, type Sandbox, type SandboxOptions } from "./sandbox.js";
export { chooseEnforcement, SandboxUnavailableError, type EnforcementKind } from "./enforcement.js";
export type { LaunchedProgram, Launcher, ProgramEnd, ProgramLaunch } from "./launch.js";
export {
  readableFiles,
  readableFolders,
  type PathAccess,
  type PathRule,
  type SandboxRules,
  type TcpListen,
} from "./rules.js";
