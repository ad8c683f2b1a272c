import { defineFault } from "../../fault.js";

export const newerProtocolOnly = defineFault({
  name: "newer-protocol-only",
  breaks: ["lifecycle/get-provider-identity/before-configuration"],
  apply: (reference) => {
    reference.around("getProviderIdentity", async (request, next) => ({
      ...(await next(request)),
      minProtocolVersion: 4,
      maxProtocolVersion: 5,
    }));
  },
});
