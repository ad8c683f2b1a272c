import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** An entry of `auths`: under which registry, for which part of it, and what stands there. */
export interface AuthEntry {
  /** In lower case, aliases of Docker Hub as `docker.io`. */
  readonly registry: string;
  /** The repository or the beginning of one that the entry is for; empty for the whole registry. */
  readonly path: string;
  /** As the operator wrote it; it decides between two spellings of the same registry and path. */
  readonly key: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a docker `config.json` says about registries. */
export interface DockerConfig {
  readonly entries: readonly AuthEntry[];
  readonly credsStore: string | undefined;
  /** Registries whose credentials a program would have to be asked for. */
  readonly helped: ReadonlySet<string>;
}

/** An error about the configuration; `what` holds nothing of its values. */
export function configFault(field: string, what: string, mend: string): RuntimeProviderError {
  return new RuntimeProviderError("INVALID_ARGUMENT", `${field} ${what}; ${mend}`);
}

/**
 * Reads a docker `config.json`.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT. Neither text nor cause shows anything of a value.
 */
export function readDockerConfig(text: string, field: string): DockerConfig {
  const config = readObject(text, field);
  const auths = section(config, "auths", field);
  const legacy = Object.values(config).some((value) => isObject(value) && typeof value.auth === "string");
  if (config.auths === undefined && legacy)
    throw configFault(field, "has registries at its top, as .dockercfg had", `put them under "auths"`);
  const entries = Object.entries(auths).map(([key, fields]): AuthEntry => {
    const scope = scopeOf(key);
    if (!isObject(fields))
      throw configFault(field, `has no object under auths for ${nameOf(scope)}`, "mend it");
    return { ...scope, key, fields };
  });
  const { credsStore } = config;
  return {
    entries,
    credsStore: typeof credsStore === "string" && credsStore !== "" ? credsStore : undefined,
    helped: new Set(Object.keys(section(config, "credHelpers", field)).map((key) => scopeOf(key).registry)),
  };
}

/** How an entry is named in errors. */
export function nameOf({ registry, path }: Pick<AuthEntry, "registry" | "path">): string {
  // A key may hold credentials by mistake: of such a one nothing is repeated.
  if (`${registry}/${path}`.includes("@")) return "an entry with @ in its key";
  return JSON.stringify(path === "" ? registry : `${registry}/${path}`);
}

/** Docker Hub answers to several names; all mean `docker.io`. */
export function canonicalRegistry(host: string): string {
  const lower = host.toLowerCase();
  return lower === "index.docker.io" || lower === "registry-1.docker.io" ? "docker.io" : lower;
}

function scopeOf(key: string): { registry: string; path: string } {
  const [host = "", ...parts] = key.replace(/^https?:\/\//i, "").split("/");
  const path = parts.filter((part) => part !== "");
  // Old clients wrote the address of the registry's API.
  if (path[0] === "v1" || path[0] === "v2") path.shift();
  return { registry: canonicalRegistry(host), path: path.join("/") };
}

function readObject(text: string, field: string): Record<string, unknown> {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    // The engine's text repeats what it stumbled over.
    const position = /at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(String(error))?.[1];
    throw configFault(
      field,
      `is no JSON${position === undefined ? "" : ` (position ${position})`}`,
      "write the text of a docker config.json",
    );
  }
  if (!isObject(config))
    throw configFault(field, "is no JSON object", "write the text of a docker config.json");
  return config;
}

function section(config: Record<string, unknown>, name: string, field: string): Record<string, unknown> {
  const value = config[name] ?? {};
  if (!isObject(value))
    throw configFault(field, `has no object under ${name}`, `make it one, or take ${name} out`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
