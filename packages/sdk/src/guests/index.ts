export type { GuestExec, GuestExecOptions, GuestExecStream } from "./exec.js";
export { envOverStdin, type EnvOverStdin, type EnvOverStdinOptions } from "./env-over-stdin.js";
export { streamOverExec, type StreamOverExecOptions } from "./exec-stream.js";
export { guestBridge, type GuestBridge, type GuestBridgeOptions } from "./guest-bridge.js";
export type { GuestForward } from "./guest-forward.js";
export type { GuestTool } from "./relays/relay.js";
export {
  shellLauncher,
  type LaunchedProgram,
  type ShellLauncher,
  type ShellLauncherOptions,
  type ShellProgram,
} from "./shell-launcher.js";
