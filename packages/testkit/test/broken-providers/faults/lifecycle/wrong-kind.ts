import { ProviderKind } from "@gestalt-runtime/sdk/protocol";
import { defineFault } from "../../fault.js";

export const wrongKind = defineFault({
  name: "wrong-kind",
  breaks: ["lifecycle/get-provider-identity/before-configuration"],
  apply: (reference) => {
    reference.around("getProviderIdentity", async (request, next) => ({
      ...(await next(request)),
      kind: reference.configured ? ProviderKind.RUNTIME : ProviderKind.INTEGRATION,
    }));
  },
});
