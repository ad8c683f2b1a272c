import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { json } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { answerAdmin } from "./admin.js";
import { ApiError } from "./api-error.js";
import type { Cloud } from "./cloud.js";
import { routeOf, type Answer } from "./routes.js";
import type { CallKind, FaultAction } from "./settings.js";

/** What the client of a call that was refused or met a fault gets; `"close"` is no answer at all. */
type Outcome = Answer | "close";

/** Serves the cloud's API below /v1, and the test's below /admin. */
export function serveCloud(cloud: Cloud, token: string): Server {
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://cloud");
      const isAdmin = url.pathname.startsWith("/admin/");
      const outcome = isAdmin
        ? { status: 200, body: await answerAdmin(cloud, request.method ?? "", url, await bodyOf(request)) }
        : await answerCall(cloud, token, request, url, closedSignal(response));
      if (outcome === "close") request.socket.destroy();
      else respond(response, outcome);
    })().catch((error: unknown) => respond(response, failure(error)));
  });
  server.on("upgrade", (request, socket: Duplex, head: Buffer) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://cloud");
      const gone = new AbortController();
      socket.once("close", () => gone.abort());
      socket.on("error", () => socket.destroy());
      const outcome = await answerCall(cloud, token, request, url, gone.signal);
      if (outcome === "close") socket.destroy();
      else if (outcome.socketPath === undefined) socket.end(rawAnswer(outcome));
      else tunnel(socket, head, outcome.socketPath);
    })().catch(() => socket.destroy());
  });
  // A client that waits for a program's end says nothing for long.
  server.requestTimeout = 0;
  return server;
}

/** One call of the API: recorded, checked, met by a fault where one is planned, and done. */
async function answerCall(
  cloud: Cloud,
  token: string,
  request: IncomingMessage,
  url: URL,
  gone: AbortSignal,
): Promise<Outcome> {
  const route = routeOf(cloud, request.method ?? "", url);
  if (route === undefined)
    return failure(new ApiError(404, `there is no ${request.method ?? ""} ${url.pathname}`));
  const call = cloud.log.begin(route.kind, request.url ?? "", cloud.find(route.sandbox)?.request.name ?? "");
  let outcome: Outcome;
  try {
    const body = await bodyOf(request);
    if (route.kind === "create") call.sandbox = (body as { name?: string }).name ?? "";
    const work = async (): Promise<Answer> => {
      if (request.headers.authorization !== `Bearer ${token}`) throw new ApiError(401, "the token is wrong");
      const waitSeconds = cloud.rate.take();
      if (waitSeconds !== undefined)
        throw new ApiError(429, "too many calls", { "retry-after": String(waitSeconds) });
      return route.answer(body, gone);
    };
    outcome = await withFault(cloud, route.kind, body, work, gone);
  } catch (error) {
    outcome = failure(error);
  }
  cloud.log.end(call, outcome === "close" || gone.aborted ? 0 : outcome.status);
  return outcome;
}

async function withFault(
  cloud: Cloud,
  kind: CallKind,
  body: unknown,
  work: () => Promise<Answer>,
  gone: AbortSignal,
): Promise<Outcome> {
  const { cleared } = cloud.faults;
  const action: FaultAction | undefined = cloud.faults.take(kind);
  switch (action?.do) {
    case undefined:
      return work();
    case "delay":
      await delay(action.ms);
      return work();
    case "answer":
      throw new ApiError(
        action.status,
        action.echo === true
          ? `invalid request ${JSON.stringify(body)}`
          : "a fault that the test has planned",
        action.retryAfterSeconds === undefined ? {} : { "retry-after": String(action.retryAfterSeconds) },
      );
    case "drop":
      return "close";
    case "hang":
      await cloud.faults.hang(cleared, gone);
      return "close";
    case "lose-reply":
      await work();
      return "close";
    case "hang-after":
      await work();
      await cloud.faults.hang(cleared, gone);
      return "close";
  }
}

function tunnel(socket: Duplex, head: Buffer, path: string): void {
  const inside = connect({ path, allowHalfOpen: true });
  const close = (): void => {
    socket.destroy();
    inside.destroy();
  };
  inside.once("connect", () => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: stream\r\n\r\n");
    inside.write(head);
    // Each side's end reaches the other, and leaves the way back open.
    socket.pipe(inside);
    inside.pipe(socket);
  });
  inside.once("error", (error) => {
    if (inside.connecting || inside.bytesRead + inside.bytesWritten === 0)
      socket.end(rawAnswer(failure(new ApiError(502, error.message))));
    else close();
  });
  socket.once("close", close);
  inside.once("close", () => {
    if (!socket.writableEnded) close();
  });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  return request.headers["content-type"] === "application/json" ? json(request) : {};
}

function closedSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

function failure(error: unknown): Answer {
  if (error instanceof ApiError)
    return { status: error.status, body: { message: error.message }, headers: error.headers };
  return { status: 500, body: { message: String(error) } };
}

function respond(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body ?? {}));
}

function rawAnswer({ status, body, headers = {} }: Answer): string {
  const text = JSON.stringify(body ?? {});
  const lines = Object.entries({ "content-type": "application/json", ...headers }).map(
    ([k, v]) => `${k}: ${v}\r\n`,
  );
  return `HTTP/1.1 ${status} -\r\nConnection: close\r\n${lines.join("")}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}
