import { join } from "node:path";
import { maxUnixPathBytes } from "@gestalt-runtime/sdk";
import { serveCache } from "../binding/serve-cache.js";
import { defineCheck } from "../../check/check.js";

export const directAnyPath = defineCheck({
  id: "support/host-service-access/direct-any-path",
  title: "with DIRECT access a plugin uses the host's service, however long its socket's path is",
  requirements: ["SUP-3", "BIND-2"],
  needs: ["direct-services"],
  instance: "shared",
  cause:
    "The host's path is put behind a folder of the guest's, and is then longer than a socket's address can hold.",
  mend: "Give each service a short path of its own in the guest.",
  run: async (t) => {
    const folder = t.place.directory;
    const name = "x".repeat(maxUnixPathBytes - Buffer.byteLength(join(folder, "/")));
    const { store, path } = await serveCache(t, join(folder, name));
    const session = await t.session(await t.provider());
    await t.relies("bind", "BindHostService", () => session.bind("GESTALT_CACHE_SOCKET", `unix://${path}`));
    const plugin = await t.plugin(session);
    const params = { key: "asked", value: "by a long path" };
    const { status, body } = await plugin.client.execute({ operation: "cache", params });
    if (status !== 200)
      return t.expect.fail(
        `host_service_access is DIRECT, and the plugin can't use a service whose path has ${maxUnixPathBytes} bytes: ` +
          body.replaceAll(/\/\S+/g, "<path>").slice(0, 300),
      );
    t.expect.equal(
      "what the plugin wrote, as the host has it",
      Buffer.from(store.get("asked") ?? []).toString(),
      params.value,
    );
  },
});
