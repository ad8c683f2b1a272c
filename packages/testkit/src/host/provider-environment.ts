/** The only variables of the operator's that a provider gets (PROC-4). */
export const inheritedVariables = [
  "PATH",
  "HOME",
  "TMPDIR",
  "LANG",
  "TZ",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
] as const;

export interface ProviderEnvironmentParts {
  /** The environment of the operator's shell, from which {@link inheritedVariables} are taken. */
  readonly operator: Readonly<Record<string, string | undefined>>;
  /** The `env` of the provider's config entry. */
  readonly entry: Readonly<Record<string, string>>;
  readonly socketPath: string;
  readonly parentPid: number;
  /** Absent for a provider without a name. */
  readonly name?: string | undefined;
  /** One variable per host service. */
  readonly hostServices: Readonly<Record<string, string>>;
  /** What the host's sandbox adds or replaces (PROC-10). */
  readonly sandbox?: Readonly<Record<string, string>>;
}

/** The whole environment of a provider's process, and nothing else (PROC-4). */
export function providerEnvironment(parts: ProviderEnvironmentParts): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of inheritedVariables) {
    const value = parts.operator[name];
    if (value !== undefined) environment[name] = value;
  }
  return {
    ...environment,
    ...parts.entry,
    ...parts.hostServices,
    ...parts.sandbox,
    GESTALT_PLUGIN_SOCKET: parts.socketPath,
    GESTALT_PLUGIN_PARENT_PID: String(parts.parentPid),
    ...(parts.name === undefined || parts.name === "" ? {} : { GESTALT_PLUGIN_NAME: parts.name }),
  };
}
