import { inspect } from "node:util";
import {
  canonicalRegistry,
  configFault,
  nameOf,
  readDockerConfig,
  type AuthEntry,
  type DockerConfig,
} from "./docker-config.js";
import type { ImageReference } from "./image-reference.js";

/** Secret: what a registry is asked with. `console.log` and `inspect` show only that it is there. */
export interface RegistryCredentials {
  /** Not empty, like the password. */
  readonly username: string;
  /** A password or a token. */
  readonly password: string;
}

const field = "image_pull_auth.docker_config_json";
const mend = `put "auth", or "username" and "password", into its entry under auths`;

/**
 * The credentials for pulling an image, out of the text of a docker `config.json` (SESS-3): those of the entry
 * under `auths` with the longest path that the image lies in, whatever the order of the entries. Undefined
 * where no entry is for that image.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT where the text is no such configuration, where the entry is
 *   broken, and where credentials would have to come from something that can't be had here: an identity or registry
 *   token, `credHelpers`, `credsStore`. No text and no cause of it shows a secret.
 */
export function registryCredentials(
  dockerConfigJson: string,
  image: ImageReference,
): RegistryCredentials | undefined {
  const config = readDockerConfig(dockerConfigJson, field);
  const registry = canonicalRegistry(image.registry);
  const entry = config.entries
    .filter((found) => found.registry === registry && isWithin(image.repository, found.path))
    .sort(byLength)[0];
  const credentials = entry && credentialsOf(entry);
  if (credentials === undefined) refuseHelpers(config, registry);
  return credentials;
}

function isWithin(repository: string, path: string): boolean {
  return path === "" || repository === path || repository.startsWith(`${path}/`);
}

/** The longest path first; of several spellings of one scope the one that Docker itself writes. */
function byLength(a: AuthEntry, b: AuthEntry): number {
  return b.path.length - a.path.length || rank(a) - rank(b) || (a.key < b.key ? -1 : 1);
}

function rank({ registry, key }: AuthEntry): number {
  if (registry === "docker.io" && key === "https://index.docker.io/v1/") return 0;
  if (!key.includes("://")) return 1;
  return key.startsWith("https:") ? 2 : 3;
}

function credentialsOf(entry: AuthEntry): RegistryCredentials | undefined {
  const place = `has an entry for ${nameOf(entry)}`;
  const text = (name: string): string => {
    const value = entry.fields[name] ?? "";
    if (typeof value !== "string") throw configFault(field, `${place} whose "${name}" is no text`, mend);
    return value;
  };
  for (const token of ["identitytoken", "registrytoken"])
    if (text(token) !== "")
      throw configFault(field, `${place} with "${token}", which is not supported here`, mend);
  const auth = text("auth");
  if (auth !== "") return decodeAuth(auth, place);
  const [username, password] = [text("username"), text("password")];
  if (username === "" && password === "") return undefined;
  if (username === "" || password === "")
    throw configFault(field, `${place} with only one of "username" and "password"`, mend);
  return secret(username, password);
}

function decodeAuth(auth: string, place: string): RegistryCredentials {
  const isBase64 = /^[a-z\d+/]+={0,2}$/i.test(auth) && auth.length % 4 === 0;
  const decoded = isBase64 ? Buffer.from(auth, "base64").toString() : "";
  const colon = decoded.indexOf(":");
  // Some versions of Docker padded what they encoded with NUL bytes.
  const password = decoded.slice(colon + 1).replace(/\0+$/, "");
  if (colon < 1 || password === "")
    throw configFault(field, `${place} whose "auth" is not username:password in base64`, mend);
  return secret(decoded.slice(0, colon), password);
}

function secret(username: string, password: string): RegistryCredentials {
  return Object.defineProperty({ username, password }, inspect.custom, {
    value: () => "RegistryCredentials { [secret] }",
  });
}

function refuseHelpers({ credsStore, helped }: DockerConfig, registry: string): void {
  const name = JSON.stringify(registry);
  if (helped.has(registry))
    throw configFault(field, `asks a program for ${name} (credHelpers), which is not supported here`, mend);
  if (credsStore !== undefined)
    throw configFault(
      field,
      `keeps credentials in a store (credsStore), which is not supported here, and has none for ${name} itself`,
      `${mend}, or take credsStore out`,
    );
}
