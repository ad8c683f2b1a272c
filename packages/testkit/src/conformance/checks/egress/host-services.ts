import { Server, ServerCredentials } from "@grpc/grpc-js";
import { join } from "node:path";
import { CacheStore, addCacheService } from "../../../host/cache-store.js";
import { makeSocketDirectory } from "../../../host/socket-directory.js";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { authorityOf, originHost, originText, serveOrigin } from "./origin.js";
import { policed } from "./policed.js";

const envVar = "GESTALT_CACHE_SOCKET";

const mend =
  "Leave the way to what was bound open under every policy: it is the host's own, and no part of the plugin's egress.";

export const directServices = defineCheck({
  id: "egress/host-services/direct-sockets",
  title: "under a policy that denies all, the plugin reaches the host's services by their sockets",
  requirements: ["EGR-4"],
  needs: ["hostname-egress", "direct-services"],
  instance: "shared",
  cause: "The guest that a policy closes is made without the host's sockets.",
  mend,
  run: async (t) => {
    const socket = join(t.place.ofSuite(await makeSocketDirectory(t.place.directory)), "host.sock");
    await serveCache(t, `unix:${socket}`);
    await usesService(t, `unix://${socket}`, []);
  },
});

export const relayedServices = defineCheck({
  id: "egress/host-services/relays",
  title: "under a policy, the plugin reaches a bound relay directly, without the proxy",
  requirements: ["EGR-4", "SUP-4"],
  needs: ["hostname-egress", "relayed-services"],
  instance: "shared",
  cause: "Only the proxy is let out of the guest. The host's answers 403 for its own relays.",
  mend,
  run: async (t) => {
    const host = originHost(t);
    const port = await serveCache(t, authorityOf(host, 0));
    // The host lists the relay's host by itself.
    await usesService(t, `tcp://${authorityOf(host, port)}`, ["listed.conformance.invalid", host]);
  },
});

async function usesService(t: CheckContext, target: string, allowedHosts: readonly string[]): Promise<void> {
  const session = await t.session(await t.provider());
  await t.relies("bind", `BindHostService of ${envVar}`, () => session.bind(envVar, target));
  const { plugin } = await policed(t, { allowedHosts, defaultAction: "deny" }, { session });
  const { status, body } = await plugin.client.execute({
    operation: "cache",
    params: { key: "asked", value: "under a policy", envVar },
  });
  t.expect(
    status === 200,
    `under a policy the plugin can't use the host's service behind ${envVar}: ${body.replaceAll(/\/\S+|\d+\.\d+\.\d+\.\d+(:\d+)?/g, "<address>").slice(0, 300)}`,
  );
}

/** @param address as grpc-js takes it @returns its port, where it has one */
async function serveCache(t: CheckContext, address: string): Promise<number> {
  const server = new Server({ "grpc.enable_channelz": 0 });
  addCacheService(server, new CacheStore(), () => undefined);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  t.cleanUp("close the host service", () => server.forceShutdown());
  return port;
}

const relayHost = "relay.conformance.invalid";

export const relayHostsAlone = defineCheck({
  id: "egress/relay-hosts/no-policy",
  title: "a list of nothing but relay hosts is no policy: the plugin is not cut off",
  requirements: ["EGR-5"],
  needs: ["relayed-services"],
  instance: "shared",
  cause:
    "Every list that is not empty is enforced. With relays the host always lists their host, policy or not.",
  mend: "Enforce when the action is deny, when the env names a proxy, or when the list holds a host that no bound relay has.",
  run: async (t) => {
    const origin = await serveOrigin(t);
    const session = await t.session(await t.provider());
    await t.relies("bind", "BindHostService", () => session.bind(envVar, `tls://${relayHost}:443`));
    const request = t.pluginRequest({
      allowedHosts: [relayHost],
      env: { [`${envVar}_TOKEN`]: "token" },
    });
    const hosted = await t.expect.answered(
      "StartPlugin with a list of nothing but relay hosts",
      session.startPlugin(request),
    );
    const plugin = await t.relies("plugin", "the fixture plugin's dial target", () =>
      t.dial(session, hosted),
    );
    const found = await plugin.execute("fetch", { url: `http://${origin.authority}/` });
    t.expect(
      found.ok && found.body === originText,
      `with nothing but relay hosts on the list, the plugin could not reach another host: ${found.ok ? found.status : found.error}`,
    );
  },
});
