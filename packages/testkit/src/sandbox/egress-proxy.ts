import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** The proxy that stands behind a sandboxed provider's `HTTP_PROXY` and `HTTPS_PROXY`. */
export interface EgressProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Cuts what is under way. */
  close(): Promise<void>;
}

/** What may be reached through it (EGR-1). */
export interface EgressProxyPolicy {
  readonly allowedHosts: readonly string[];
  readonly defaultAction: "allow" | "deny";
}

/** Takes CONNECT and absolute-URI requests; a refused host gets 403, an unreachable one 502 (EGR-3). */
export async function startEgressProxy(policy: EgressProxyPolicy): Promise<EgressProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => forward(policy, request, response));
  server.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) =>
    tunnel(policy, request, client, head, sockets),
  );
  server.on("connection", (socket) => keep(socket, sockets));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function isAllowed({ allowedHosts, defaultAction }: EgressProxyPolicy, host: string): boolean {
  if (allowedHosts.length === 0) return defaultAction === "allow";
  const asked = host.toLowerCase();
  return allowedHosts.some((pattern) => {
    const wanted = pattern.toLowerCase();
    return wanted.startsWith("*.") ? asked.endsWith(wanted.slice(1)) : asked === wanted;
  });
}

function forward(policy: EgressProxyPolicy, request: IncomingMessage, response: ServerResponse): void {
  if (request.url === undefined || !/^http:\/\//i.test(request.url) || !URL.canParse(request.url)) {
    response.writeHead(400).end("a proxy takes CONNECT and absolute http:// requests\n");
    return;
  }
  const url = new URL(request.url);
  if (!isAllowed(policy, url.hostname)) {
    response.writeHead(403).end(refusal(url.hostname));
    return;
  }
  const headers = { ...request.headers };
  delete headers["proxy-connection"];
  delete headers["proxy-authorization"];
  const upstream = httpRequest(url, { method: request.method, headers: { ...headers, host: url.host } });
  upstream.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on("error", (error) => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end(`${error.message}\n`);
  });
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}

function tunnel(
  policy: EgressProxyPolicy,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  sockets: Set<Socket>,
): void {
  client.on("error", () => client.destroy());
  const authority = `http://${request.url ?? ""}`;
  const { hostname, port } = URL.canParse(authority) ? new URL(authority) : { hostname: "", port: "" };
  if (hostname === "") {
    answer(client, "400 Bad Request", "CONNECT wants host:port\n");
    return;
  }
  if (!isAllowed(policy, hostname)) {
    answer(client, "403 Forbidden", refusal(hostname));
    return;
  }
  const upstream = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) });
  keep(upstream, sockets);
  let open = false;
  upstream.on("connect", () => {
    open = true;
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    upstream.write(head);
    upstream.pipe(client);
    client.pipe(upstream);
  });
  upstream.on("error", (error) => {
    if (open) client.destroy();
    else answer(client, "502 Bad Gateway", `${error.message}\n`);
  });
  client.on("close", () => upstream.destroy());
}

function answer(client: Duplex, status: string, text: string): void {
  client.end(
    `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
}

function refusal(host: string): string {
  return `the egress policy does not allow ${JSON.stringify(host)}\n`;
}

function keep(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on("error", () => undefined);
  socket.on("close", () => sockets.delete(socket));
}
