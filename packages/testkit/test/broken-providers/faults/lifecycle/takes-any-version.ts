import { protocolVersion } from "@gestalt-runtime/sdk/protocol";
import { defineFault } from "../../fault.js";

export const takesAnyVersion = defineFault({
  name: "takes-any-version",
  breaks: ["lifecycle/configure-provider/refuses-other-versions"],
  apply: (reference) => {
    reference.around("configureProvider", (request, next) => next({ ...request, protocolVersion }));
  },
});
