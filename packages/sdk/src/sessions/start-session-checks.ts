import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { StartSessionRequest } from "../provider/types.js";
import {
  parseImageReference,
  registryCredentials,
  type ImageReference,
  type RegistryCredentials,
} from "../images/index.js";
import type { BackendTraits } from "./backend.js";

/**
 * The image that was asked for, and the credentials for it.
 *
 * @throws INVALID_ARGUMENT naming the config field, for what can't be read
 */
export function imageOf(request: StartSessionRequest): {
  image?: ImageReference;
  pullCredentials?: RegistryCredentials;
} {
  if (request.image === undefined) return {};
  const image = parseImageReference(request.image, configField(request, "image"));
  const { dockerConfigJson } = request;
  const pullCredentials =
    dockerConfigJson === undefined ? undefined : registryCredentials(dockerConfigJson, image);
  return { image, ...(pullCredentials !== undefined && { pullCredentials }) };
}

function configField({ pluginName }: StartSessionRequest, name: string): string {
  return `plugins.${pluginName}.execution.runtime.${name}`;
}

/**
 * Refuses a StartSession that this backend can't serve (SESS-3).
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT naming the config field to set or to remove,
 * FAILED_PRECONDITION where plugins can't be hosted at all
 */
export function assertCanStart(request: StartSessionRequest, traits: BackendTraits): void {
  const { cannotHost, needs = "nothing", kind, accepts = ["image", "template"] } = traits;
  const field = (name: string): string => configField(request, name);
  if (cannotHost !== undefined) throw new RuntimeProviderError("FAILED_PRECONDITION", cannotHost);
  const given = { image: request.image !== undefined, template: request.template !== undefined };
  const missing =
    needs === "image or template" ? !given.image && !given.template : needs !== "nothing" && !given[needs];
  if (missing)
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `StartSession: this runtime needs an ${needs} for the plugin ${JSON.stringify(request.pluginName)}; set ${field(needs === "template" ? "template" : "image")}`,
    );
  for (const name of ["image", "template"] as const) {
    if (given[name] && !accepts.includes(name))
      throw new RuntimeProviderError(
        "INVALID_ARGUMENT",
        `StartSession: the ${kind} runtime has no ${name}s, but ${JSON.stringify(request[name])} was asked for; remove ${field(name)}`,
      );
  }
  imageOf(request);
}
