import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { defineCheck } from "../../check/check.js";
import { serveOrigin } from "./origin.js";
import { policed } from "./policed.js";

const host = "listed.conformance.invalid";
const text = "the host's public proxy";
const credentials = { username: "gestalt-egress-proxy", password: "conformance-token" };

export const upstreamProxy = defineCheck({
  id: "egress/upstream-proxy/credentials-at-once",
  title:
    "what StartPlugin's HTTP_PROXY names is the way out, and gets its credentials with the first request",
  requirements: ["EGR-3", "SUP-4"],
  instance: "shared",
  cause:
    "The runtime's proxy takes the place of the host's, or waits for a 407 before it sends credentials: the host answers 404.",
  mend: "Chain the runtime's proxy to the one that StartPlugin's env names, with Proxy-Authorization on every request, or leave that one in place.",
  run: async (t) => {
    const seen: (string | undefined)[] = [];
    const proxy = await serveOrigin(t, undefined, (request, response) => {
      // In a tunnel that was let through there is nothing more to show.
      if (!tunnelled.has(request.socket) && !admit(request)) response.writeHead(404);
      response.end(text);
    });
    const tunnelled = new WeakSet<Duplex>();
    const admit = ({ headers }: IncomingMessage): boolean => {
      const given = headers["proxy-authorization"];
      seen.push(given);
      return given === expected;
    };
    proxy.server.on("connect", (request, socket) => {
      if (!admit(request)) return void socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
      tunnelled.add(socket);
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      proxy.server.emit("connection", socket);
    });
    const url = `http://${credentials.username}:${credentials.password}@${proxy.authority}`;
    const plugin = await policed(
      t,
      { allowedHosts: [host], defaultAction: "deny" },
      { env: { HTTP_PROXY: url, HTTPS_PROXY: url } },
    );
    const { status, body, error } = await plugin.ask(`http://${host}/`);
    t.expect(
      status === 200 && body === text,
      `a request for a listed host, with StartPlugin's env naming a proxy, was answered with ${error ?? status}; expected the answer of that proxy`,
    );
    t.expect(seen.length > 0, "the proxy that StartPlugin's env names was not asked");
    const without = seen.filter((given) => given === undefined).length;
    const wrong = seen.filter((given) => given !== undefined && given !== expected).length;
    t.expect(without === 0, "the proxy that StartPlugin's env names was asked without credentials");
    t.expect(
      wrong === 0,
      "the proxy that StartPlugin's env names was asked with other credentials than its URL has",
    );
  },
});

const expected = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
