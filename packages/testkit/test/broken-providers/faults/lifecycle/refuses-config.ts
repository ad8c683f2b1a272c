import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";

export const refusesConfig = defineFault({
  name: "refuses-config",
  breaks: [
    "lifecycle/handshake/completes",
    "lifecycle/configure-provider/answers-version-3",
    "lifecycle/configure-provider/refuses-other-versions",
  ],
  apply: (reference) => {
    reference.around("configureProvider", () => {
      throw new RuntimeProviderError("INVALID_ARGUMENT", "/region is missing");
    });
  },
});
