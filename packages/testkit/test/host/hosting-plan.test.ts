import { create } from "@bufbuild/protobuf";
import {
  PluginRuntimeEgressMode as Egress,
  PluginRuntimeHostServiceAccess as Access,
  PluginRuntimeSupportSchema,
} from "@gestalt-runtime/sdk/protocol";
import { describe, expect, it } from "vitest";
import { HostError, type EgressOptions } from "../../src/host/index.js";
import { checkSupport, type HostingNeeds } from "../../src/host/hosting-plan.js";

const best = { canHostPlugins: true, hostServiceAccess: Access.DIRECT, egressMode: Egress.HOSTNAME };
const policy: EgressOptions = { allowedHosts: ["api.example.com"] };
const relay = { publicSide: { baseUrl: "https://gestalt.example.com" } };

function plan(support: Partial<typeof best>, needs: Partial<HostingNeeds> = {}): string {
  try {
    return checkSupport(create(PluginRuntimeSupportSchema, { ...best, ...support }), {
      provider: "p",
      egress: undefined,
      ...needs,
    });
  } catch (error) {
    if (error instanceof HostError) return error.failure;
    throw error;
  }
}

describe("the host's decision", () => {
  it("SUP-1: the first failure wins: can host, host services, egress", () => {
    const nothing = { canHostPlugins: false, hostServiceAccess: Access.NONE, egressMode: Egress.NONE };
    expect(plan(nothing, { egress: policy })).toBe("cannot-host");
    expect(plan({ ...nothing, canHostPlugins: true }, { egress: policy })).toBe("no-host-service-access");
    expect(plan({ egressMode: Egress.NONE }, { egress: policy })).toBe("egress-not-preserved");
    expect(plan({}, { egress: policy })).toBe("direct");
  });

  it("SUP-3: without direct access it needs an https base URL with neither path nor query", () => {
    for (const hostServiceAccess of [Access.NONE, Access.UNSPECIFIED]) {
      const of = (needs: Partial<HostingNeeds>): string => plan({ hostServiceAccess }, needs);
      expect(of({})).toBe("no-host-service-access");
      for (const baseUrl of ["http://a.example", "https://a.example/x", "https://a.example/?q", "nonsense"])
        expect(of({ publicSide: { baseUrl } })).toBe("no-host-service-access");
      for (const baseUrl of ["https://a.example", "https://a.example:8443/"])
        expect(of({ publicSide: { baseUrl } })).toBe("relay");
    }
  });

  it("SUP-3, SUP-4: a relay does not make up for a policy that is not preserved", () => {
    const support = { hostServiceAccess: Access.NONE, egressMode: Egress.CIDR };
    expect(plan(support, { ...relay, egress: policy })).toBe("egress-not-preserved");
    expect(plan({ ...support, egressMode: Egress.HOSTNAME }, { ...relay, egress: policy })).toBe("relay");
  });

  it("SUP-4, EGR-1: only a list or deny needs hostname egress", () => {
    for (const egressMode of [Egress.NONE, Egress.CIDR, Egress.UNSPECIFIED]) {
      expect(plan({ egressMode })).toBe("direct");
      expect(plan({ egressMode }, { egress: { allowedHosts: [], defaultAction: "allow" } })).toBe("direct");
      expect(plan({ egressMode }, { egress: { defaultAction: "deny" } })).toBe("egress-not-preserved");
      expect(plan({ egressMode }, { egress: policy })).toBe("egress-not-preserved");
    }
  });
});
