import { HostError } from "../../../host/host-error.js";
import { defineCheck } from "../../check/check.js";

export const providerServes = defineCheck({
  id: "process/start/serves",
  title: "the provider accepts connections on GESTALT_PLUGIN_SOCKET",
  requirements: ["PROC-1", "PROC-3"],
  cause: "The program ends early, listens elsewhere, or speaks TLS or HTTP/1 on the socket.",
  mend: "Read its last words below; serve plaintext gRPC on exactly the path in GESTALT_PLUGIN_SOCKET.",
  run: async (t) => {
    const provider = await t.spawn();
    try {
      await provider.connect(t.signal);
    } catch (error) {
      if (error instanceof HostError) t.expect.fail(error.message);
      throw error;
    }
  },
});
