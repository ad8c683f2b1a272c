import { create } from "@bufbuild/protobuf";
import * as wire from "../gen/gestalt/provider/v1/lifecycle_pb.js";
import type * as plain from "../provider/types.js";
import { protocolVersion } from "../protocol/version.js";
import { checkObject, checkText, show, wrong } from "./answer-checks.js";

/* The border: what the provider's lifecycle methods return is checked here before it leaves. */

/** LIFE-1; without a name of its own a provider has the one that the operator gave. */
export function writeIdentity(
  identity: plain.ProviderIdentity,
  configuredName: string | undefined,
): wire.ProviderIdentity {
  checkObject(identity, "identity is");
  const {
    name = configuredName ?? "runtime",
    displayName = "",
    description = "",
    version = "",
    warnings = [],
  } = identity;
  for (const [field, value] of Object.entries({ name, displayName, description, version }))
    checkText(value, `identity.${field} is`);
  if (!Array.isArray(warnings))
    throw wrong(`identity.warnings is ${show(warnings)}; it is an array of strings`);
  warnings.forEach((warning, index) => checkText(warning, `identity.warnings[${index}] is`));
  return create(wire.ProviderIdentitySchema, {
    kind: wire.ProviderKind.RUNTIME,
    name,
    displayName,
    description,
    version,
    warnings: [...(warnings as readonly string[])],
    minProtocolVersion: protocolVersion,
    maxProtocolVersion: protocolVersion,
  });
}

export function writeHealth(report: plain.HealthReport): wire.HealthCheckResponse {
  const where = "healthCheck returned";
  checkObject(report, where);
  const { ready, message = "" } = report;
  if (typeof ready !== "boolean") throw wrong(`${where} ready ${show(ready)}; it is true or false`);
  checkText(message, `${where} the message`);
  return create(wire.HealthCheckResponseSchema, { ready, message });
}
