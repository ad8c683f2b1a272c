// The SDK's egress proxy with a policy, as a program of its own. Says its port on stdout, serves until it is ended.
import { createEgressProxy, egressPolicy } from "@gestalt-runtime/sdk/egress";

const policy = egressPolicy({
  allowedHosts: ["127.0.0.1", "*.example.com", "example.com"],
  defaultAction: "deny",
});
const { address } = await createEgressProxy({ policy });
console.log("port" in address ? address.port : 0);
