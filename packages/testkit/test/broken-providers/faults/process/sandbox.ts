import { hostSandbox } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";

export const diesInSandbox = defineFault({
  name: "dies-in-sandbox",
  breaks: ["process/sandbox/says-what-it-cannot"],
  apply: (reference) => {
    const { run } = reference;
    reference.run = () => {
      if (hostSandbox() === undefined) return run();
      process.stderr.write("EACCES: permission denied, open '/tmp/state'\n");
      process.exit(1);
    };
  },
});

export const isAScript = defineFault({
  name: "is-a-script",
  breaks: ["process/sandbox/starts"],
  program: "script",
  apply: () => undefined,
});

export const claimsHostingInSandbox = defineFault({
  name: "claims-hosting-in-sandbox",
  breaks: ["process/sandbox/says-what-it-cannot"],
  apply: (reference) => {
    reference.sandbox = undefined;
  },
});

export const silentInSandbox = defineFault({
  name: "silent-in-sandbox",
  breaks: ["process/sandbox/says-what-it-cannot"],
  apply: (reference) => {
    reference.around("getProviderIdentity", async (request, next) => ({
      ...(await next(request)),
      warnings: [],
    }));
  },
});
