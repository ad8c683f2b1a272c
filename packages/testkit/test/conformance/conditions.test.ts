import { describe, expect, it } from "vitest";
import { conditions, unmet, type ConditionName } from "../../src/conformance/check/conditions.js";
import type { AdvertisedSupport, Profile } from "../../src/conformance/subject/profile.js";

const support: AdvertisedSupport = {
  canHostPlugins: true,
  hostServiceAccess: "direct",
  egressMode: "none",
  preparesWorkspaces: false,
};

function profile(more: Partial<Profile> = {}, supports: Partial<AdvertisedSupport> = {}): Profile {
  return {
    mode: "spawn",
    support: { ...support, ...supports },
    declares: { outlives: false, remote: false },
    hasInvalidConfig: false,
    isSelfContained: true,
    ...more,
  };
}

describe("a condition", () => {
  const outlives = { declares: { outlives: true, remote: false } };
  const remote = { declares: { outlives: false, remote: true } };
  it.each<[ConditionName, Profile, Profile]>([
    ["spawned", profile(), profile({ mode: "attach" })],
    ["hosts-plugins", profile(), profile({}, { canHostPlugins: false })],
    ["direct-services", profile(), profile({}, { hostServiceAccess: "none" })],
    ["relayed-services", profile({}, { hostServiceAccess: "none" }), profile()],
    ["hostname-egress", profile({}, { egressMode: "hostname" }), profile({}, { egressMode: "cidr" })],
    ["workspaces", profile({}, { preparesWorkspaces: true }), profile()],
    ["without-workspaces", profile(), profile({}, { preparesWorkspaces: true })],
    ["outlives-provider", profile(outlives), profile()],
    ["ends-with-provider", profile(), profile(outlives)],
    ["local-processes", profile(), profile(remote)],
    ["config-schema", profile({ hasInvalidConfig: true }), profile()],
    ["self-contained", profile(), profile({ isSelfContained: false })],
    ["hosts-no-plugins", profile({}, { canHostPlugins: false }), profile()],
  ])("%s stands against a check where it does not hold, with the reason", (name, holds, not) => {
    expect(unmet([name], holds)).toBe(undefined);
    expect(unmet([name], not)).toEqual({ reason: conditions[name].skipped });
  });

  it.each(Object.entries(conditions))("%s has words for people", (_, { applies, skipped }) => {
    expect(applies).toMatch(/^(runtimes|providers) \w.*[^.]$/);
    expect(skipped).toMatch(/^\w.*[^.]$/);
  });
});

describe("several conditions", () => {
  it("must all hold, and the first that does not gives the reason", () => {
    const hostile = profile({}, { canHostPlugins: false, preparesWorkspaces: false });
    expect(unmet([], profile())).toBe(undefined);
    expect(unmet(["direct-services", "workspaces", "hosts-plugins"], hostile)).toEqual({
      reason: conditions.workspaces.skipped,
    });
  });

  it("of the run come before those of the profile, which may not be known", () => {
    const silent = { ...profile({ mode: "attach" }), support: undefined };
    expect(unmet(["hosts-plugins", "spawned"], silent)).toEqual({ reason: conditions.spawned.skipped });
    expect(unmet(["hosts-plugins"], silent)).toBe("unknown");
    expect(unmet(["local-processes"], silent)).toBe(undefined);
  });
});
