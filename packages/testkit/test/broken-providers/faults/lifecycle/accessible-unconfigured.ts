import { defineFault } from "../../fault.js";

export const accessibleUnconfigured = defineFault({
  name: "accessible-unconfigured",
  breaks: ["lifecycle/runtime-calls/refused-before-configuration"],
  apply: (reference) => {
    reference.around("listSessions", () => ({ sessions: [] }));
  },
});
