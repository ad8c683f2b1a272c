import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { cutOff } from "../bridge/cut-off.js";
import { join } from "../bridge/join.js";
import type { Exchange } from "./exchange.js";
import { passOn } from "./forward.js";
import { checkHead, framingOf, hasBody, pairsOf, requestHeaders, responseHeaders } from "./headers.js";
import { answerTo, openOriginRequest } from "./origin-request.js";
import { Refusal } from "./refusal.js";
import { parseAbsoluteTarget, parseConnectTarget } from "./request-target.js";
import { checkServerName } from "./server-name.js";

/** A client's connection that is about to become a tunnel, with what it has sent already. */
export interface TunnelClient {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

/** Serves `CONNECT`: everything between client and origin, in both directions, until both have ended. */
export async function connect(
  exchange: Exchange,
  { request, socket, head }: TunnelClient,
  matchServerName: boolean,
): Promise<void> {
  checkHead(request);
  // A body of CONNECT would be the tunnel's first bytes to one reader and not to another.
  if (hasBody(framingOf(request))) throw new Refusal("malformed", "CONNECT takes no body");
  exchange.admission.checkCredentials(request);
  const target = parseConnectTarget(request.url ?? "");
  exchange.target = target;
  const route = await exchange.admission.admit(target, exchange.signal);
  const origin = await exchange.outbound.tunnel(route, target, exchange.signal);
  try {
    exchange.isTunnel = true;
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    const first = matchServerName
      ? await checkServerName(socket, head, target.host, exchange.limits.clientHelloTimeoutMs)
      : head;
    await splice(exchange, socket, origin, first);
  } finally {
    origin.destroy();
  }
}

/** Serves a request with an absolute URI that asks for another protocol, such as WebSocket. */
export async function upgrade(exchange: Exchange, client: TunnelClient): Promise<void> {
  const { request, socket, head } = client;
  checkHead(request);
  const framing = framingOf(request);
  if (hasBody(framing)) throw new Refusal("malformed", "a request for another protocol takes no body here");
  exchange.admission.checkCredentials(request);
  const target = parseAbsoluteTarget(request.url ?? "", request.method ?? "");
  exchange.target = target;
  const route = await exchange.admission.admit(target, exchange.signal);
  const protocols = ["Connection", "Upgrade", "Upgrade", request.headers.upgrade ?? ""];
  const headers = [...requestHeaders(request, target.authority, framing), ...protocols];
  const method = request.method ?? "GET";
  const outgoing = openOriginRequest(exchange, { method, route, target, headers, reuse: false });
  outgoing.end();
  const answer = await answerTo(outgoing, { route });
  if (answer.how === "response") return passOn(answer.response, responseOn(client));
  const { response, stream } = answer;
  exchange.isTunnel = true;
  const switched = ["Connection", "Upgrade", "Upgrade", response.headers.upgrade ?? ""];
  socket.write(head101([...responseHeaders(response), ...switched]));
  socket.write(answer.head);
  await splice(exchange, socket, stream, head);
}

/** A response on a connection that Node.js has handed over; it ends with it. */
export function responseOn({ request, socket }: TunnelClient): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => {
    response.detachSocket(socket);
    socket.end();
    // What the client still sends is not waited for.
    socket.resume();
  });
  return response;
}

async function splice(exchange: Exchange, client: Socket, origin: Duplex, first: Buffer): Promise<void> {
  const { limits, signal } = exchange;
  const cut = (): void => {
    cutOff(client);
    cutOff(origin);
  };
  const timer = limits.tunnelTimeoutMs > 0 ? setTimeout(cut, limits.tunnelTimeoutMs) : undefined;
  signal.addEventListener("abort", cut, { once: true });
  // Every byte of either direction passes the client's socket.
  client.setTimeout(limits.idleTimeoutMs, cut);
  if (first.length > 0) origin.write(first);
  await join({ stream: client, cutOff: () => cutOff(client) }, { stream: origin });
  clearTimeout(timer);
  signal.removeEventListener("abort", cut);
}

function head101(headers: readonly string[]): string {
  const lines = [...pairsOf(headers)].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`;
}
