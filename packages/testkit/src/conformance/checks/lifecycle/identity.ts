import { ProviderKind, protocolVersion, type ProviderIdentity } from "@gestalt-runtime/sdk/protocol";
import { defineCheck } from "../../check/check.js";
import type { Expect } from "../../check/expectations.js";

const cause =
  "The kind was left at its default or copied from a plugin, or the protocol range is fixed to what an older SDK spoke.";
const mend =
  "Answer kind = PROVIDER_KIND_RUNTIME and a range from min_protocol_version to max_protocol_version that holds 3; " +
  "0 leaves a side open.";

export const identityBeforeConfiguration = defineCheck({
  id: "lifecycle/get-provider-identity/before-configuration",
  title: "an unconfigured provider says that it is a runtime and speaks protocol version 3",
  requirements: ["LIFE-1"],
  needs: ["spawned"],
  cause,
  mend,
  run: async (t) => {
    const { lifecycle } = await t.start();
    expectIdentity(
      t.expect,
      "before configuration",
      await t.expect.answered("GetProviderIdentity before configuration", lifecycle.getProviderIdentity()),
    );
  },
});

export const identityAfterConfiguration = defineCheck({
  id: "lifecycle/get-provider-identity/after-configuration",
  title: "a configured provider still says that it is a runtime and speaks protocol version 3",
  requirements: ["LIFE-1"],
  instance: "shared",
  cause,
  mend,
  run: async (t) => {
    const { lifecycle } = await t.provider();
    expectIdentity(
      t.expect,
      "after configuration",
      await t.expect.answered("GetProviderIdentity after configuration", lifecycle.getProviderIdentity()),
    );
  },
});

function expectIdentity(expect: Expect, when: string, identity: ProviderIdentity): void {
  const { kind, minProtocolVersion: min, maxProtocolVersion: max } = identity;
  expect(
    kind === ProviderKind.RUNTIME,
    `the identity's kind ${when} is ${ProviderKind[kind]}; expected RUNTIME`,
  );
  expect(
    (min === 0 || min <= protocolVersion) && (max === 0 || max >= protocolVersion),
    `the identity's protocol range ${when} is ${min} to ${max}, which does not hold ${protocolVersion}`,
  );
}
