import { describeConformance } from "../../../src/vitest/index.js";
import { referenceProvider } from "../subjects.js";

// Run by describe.test.ts, which looks at what comes of it.
describeConformance({
  provider: {
    command: referenceProvider,
    args: ["--fault", "version-left-out", "--fault", "takes-any-version"],
  },
  areas: ["lifecycle"],
  knownFailures: ["lifecycle/handshake/completes", "lifecycle/configure-provider/refuses-other-versions"],
});
