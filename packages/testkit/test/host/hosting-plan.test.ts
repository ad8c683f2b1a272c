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
const relay = { baseUrl: "https://gestalt.example.com", encryptionKey: "key" };

function plan(support: Partial<typeof best>, needs: Partial<HostingNeeds> = {}): string {
  try {
    checkSupport(create(PluginRuntimeSupportSchema, { ...best, ...support }), {
      provider: "p",
      egress: undefined,
      ...needs,
    });
    return "hosted";
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
    expect(plan({}, { egress: policy })).toBe("hosted");
  });

  it("SUP-3: without direct access it needs an https base URL with neither path nor query, and a key", () => {
    for (const hostServiceAccess of [Access.NONE, Access.UNSPECIFIED]) {
      const of = (needs: Partial<HostingNeeds>): string => plan({ hostServiceAccess }, needs);
      expect(of({})).toBe("no-host-service-access");
      expect(of({ ...relay, encryptionKey: undefined })).toBe("no-host-service-access");
      for (const baseUrl of ["http://a.example", "https://a.example/x", "https://a.example/?q", "nonsense"])
        expect(of({ ...relay, baseUrl })).toBe("no-host-service-access");
      for (const baseUrl of ["https://a.example", "https://a.example:8443/"])
        expect(of({ ...relay, baseUrl })).toBe("relay-unsupported");
    }
  });

  it("SUP-3: a plan that ends in a relay is refused clearly, after the policy", () => {
    const support = { hostServiceAccess: Access.NONE, egressMode: Egress.CIDR };
    expect(plan(support, { ...relay, egress: policy })).toBe("egress-not-preserved");
    expect(() =>
      checkSupport(create(PluginRuntimeSupportSchema, { ...best, hostServiceAccess: Access.NONE }), {
        provider: "p",
        egress: undefined,
        ...relay,
      }),
    ).toThrow("relayed host services are not part of this fake host yet");
  });

  it("SUP-4, EGR-1: only a list or deny needs hostname egress", () => {
    for (const egressMode of [Egress.NONE, Egress.CIDR, Egress.UNSPECIFIED]) {
      expect(plan({ egressMode })).toBe("hosted");
      expect(plan({ egressMode }, { egress: { allowedHosts: [], defaultAction: "allow" } })).toBe("hosted");
      expect(plan({ egressMode }, { egress: { defaultAction: "deny" } })).toBe("egress-not-preserved");
      expect(plan({ egressMode }, { egress: policy })).toBe("egress-not-preserved");
    }
  });
});
