import { ProviderKind } from "@gestalt-runtime/sdk/protocol";
import { defineFault } from "../../fault.js";

export const wrongKindOnceConfigured = defineFault({
  name: "wrong-kind-once-configured",
  breaks: ["lifecycle/get-provider-identity/after-configuration"],
  apply: (reference) => {
    reference.around("getProviderIdentity", async (request, next) => ({
      ...(await next(request)),
      kind: reference.configured ? ProviderKind.UNSPECIFIED : ProviderKind.RUNTIME,
    }));
  },
});
