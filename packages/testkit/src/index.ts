export { fixturePlugin, type FixturePluginOptions, type PluginCommand } from "./plugins/launch.js";
export { shipFixturePlugin, type ShippedPlugin, type ShipPluginOptions } from "./plugins/ship.js";
export type { AtStart } from "./plugins/at-start.js";
export {
  fixtureOperations,
  type FixtureOperation,
  type FixtureOperationId,
  type FixtureOperations,
  type FixtureParameter,
  type ProcessFacts,
} from "./plugins/operations.js";
export { fixtureLogLine } from "./plugins/log-lines.js";
export * from "./host/index.js";
export type { InstalledProvider } from "./install/index.js";
export type {
  EnforcementKind,
  PathAccess,
  PathRule,
  Sandbox,
  SandboxOptions,
  SandboxRules,
  TcpListen,
} from "./sandbox/index.js";
export * from "./release/index.js";
export {
  describeFinding,
  fixFiles,
  lintFiles,
  parseManifest,
  readManifest,
  readProviderRelease,
  type FileKind,
  type Finding,
  type FixResult,
  type LintManifestOptions,
  type LintOptions,
  type LintResult,
  type Manifest,
  type ManifestArtifact,
  type ManifestEntrypoint,
  type ManifestMode,
  type ManifestSpec,
  type PackageFile,
  type PackageFiles,
  type Platform,
  type ProviderRelease,
  type ReleaseArtifact,
  type ReleaseBuild,
  type Severity,
  type TextEdit,
} from "./lint/index.js";
