import { parseDialTarget } from "../dial-target/dial-target.js";

/**
 * What a plugin finds under the variables of its bound host services: a direct socket as a bare path (BIND-2), a
 * relay's target unchanged (BIND-3).
 *
 * @param bindings dial targets, as they are reached from the guest, by variable
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT naming the variable whose target can't be read
 */
export function bindingEnvironment(bindings: ReadonlyMap<string, string>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, target] of bindings) {
    const parsed = parseDialTarget(target, name);
    env[name] = parsed.type === "unix" ? parsed.path : target;
  }
  return env;
}
