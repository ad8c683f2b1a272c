import { describe, expect, it } from "vitest";
import type { EgressPlan } from "../../src/sessions/index.js";
import { ableHarness } from "./able-backend.js";

const place = ableHarness();

describe("a backend that restricts the network itself", () => {
  it("EGR-4, EGR-5: is told what stays open before the launch, and only where there is a policy", async () => {
    const plans: EgressPlan[] = [];
    const able = place.backend();
    able.restrict = (_, egress) => {
      able.asked.push("restrict");
      plans.push(egress);
      return Promise.resolve();
    };
    const runtime = await place.open(able);
    const open = await runtime.start();
    await runtime.plugin(open.id);
    expect(able.asked).toEqual(["create", "launch"]);
    const closed = await runtime.start();
    await runtime.bind(closed.id, "X", "tls://127.0.0.1:9443");
    await runtime.plugin(closed.id, { defaultAction: "deny", allowedHosts: ["api.example.com"] });
    expect(able.asked.slice(2)).toEqual(["create", "restrict", "launch"]);
    expect(plans).toEqual([
      {
        enforce: true,
        allowedHosts: ["api.example.com"],
        defaultAction: "deny",
        endpoints: [{ purpose: "relay", host: "127.0.0.1", port: 9443, cidrs: ["127.0.0.1/32"] }],
      },
    ]);
  });

  it("EGR-2: a network that can't be closed keeps the plugin from starting", async () => {
    const able = place.backend({ restrict: () => Promise.reject(new Error("the policy was refused")) });
    const runtime = await place.open(able);
    const { id } = await runtime.start();
    await expect(runtime.plugin(id, { defaultAction: "deny" })).rejects.toThrow("the policy was refused");
    expect(able.asked).toEqual(["create", "destroy"]);
    expect(runtime.get(id)?.state).toBe("failed");
  });
});
