#!/usr/bin/env node
// A runtime provider for gestaltd in plain JavaScript, on grpc-js and the .proto files as they are: it runs each plugin
// as a process of this machine. Ids such as PLUG-6 in comments are those of the host's contract.
import { lifecycleMethods } from "./lifecycle.js";
import { Provider } from "./provider.js";
import { runtimeMethods } from "./runtime.js";
import { serve } from "./serve.js";

const provider = new Provider();
process.exit(
  await serve({
    lifecycle: lifecycleMethods(provider),
    runtime: runtimeMethods(provider),
    refuseMore: () => (provider.isEnding = true),
    close: (graceMs) => provider.close(graceMs),
  }),
);
