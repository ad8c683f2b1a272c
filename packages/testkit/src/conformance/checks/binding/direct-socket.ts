import { defineCheck } from "../../check/check.js";
import { serveCache } from "./serve-cache.js";

export const directSocketWorks = defineCheck({
  id: "binding/bind-host-service/direct-socket-works",
  title:
    "with DIRECT access the plugin finds a bare path under each variable, and the host's service behind it",
  requirements: ["BIND-2"],
  needs: ["direct-services"],
  instance: "shared",
  cause:
    "The host's own path or a unix:// URL is passed on, or the socket is not reachable from within the guest.",
  mend: "Make the host's socket visible in the guest (mount or bridge it) and set the variable to its bare path there.",
  run: async (t) => {
    const caches = {
      GESTALT_CACHE_SOCKET_ONE: await serveCache(t),
      GESTALT_CACHE_SOCKET_TWO: await serveCache(t),
    };
    const session = await t.session(await t.provider());
    for (const [envVar, { path }] of Object.entries(caches))
      await t.relies("bind", `BindHostService of ${envVar}`, () => session.bind(envVar, `unix://${path}`));
    const plugin = await t.plugin(session);
    const { env } = await plugin.execute("env");
    for (const [envVar, { store }] of Object.entries(caches)) {
      const path = env[envVar];
      t.expect(
        path?.startsWith("/") === true,
        path === undefined
          ? `${envVar} is not set in the plugin`
          : `${envVar} in the plugin is no bare path: it begins with ${JSON.stringify(path.slice(0, 7))}`,
      );
      if (path === undefined) continue;
      const { status, body } = await plugin.client.execute({
        operation: "cache",
        params: { key: "asked", value: `through ${envVar}`, envVar },
      });
      t.expect(
        status === 200,
        `the plugin can't use the host's service behind ${envVar}: ${body.replaceAll(/\/\S+/g, "<path>").slice(0, 300)}`,
      );
      if (status === 200)
        t.expect.equal(
          `what the plugin wrote through ${envVar}, as the host has it`,
          Buffer.from(store.get("asked") ?? []).toString(),
          `through ${envVar}`,
        );
    }
  },
});
