import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Exchange } from "./exchange.js";
import { checkHead, framingOf, hasBody, requestHeaders, responseHeaders, trailersOf } from "./headers.js";
import {
  answerTo,
  brokenBy,
  openOriginRequest,
  type OriginAnswer,
  type OriginRequest,
} from "./origin-request.js";
import { Refusal } from "./refusal.js";
import { parseAbsoluteTarget } from "./request-target.js";

/** Methods that may be sent again where the first try met a connection that had just been closed. */
const repeatable = new Set(["GET", "HEAD", "OPTIONS"]);

/** Serves a request with an absolute URI: asks the origin, and passes on what it says. */
export async function forward(
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  checkHead(request);
  const framing = framingOf(request);
  exchange.admission.checkCredentials(request);
  const { method = "" } = request;
  const target = parseAbsoluteTarget(request.url ?? "", method);
  exchange.target = target;
  if (method === "TRACE") throw new Refusal("malformed", "TRACE is not passed on", { status: 405 });
  const route = await exchange.admission.admit(target, exchange.signal);
  // Asked of the proxy itself; only for what it would pass on.
  if (method === "OPTIONS" && request.headers["max-forwards"] === "0") {
    response.writeHead(204).end();
    return;
  }
  const bodied = hasBody(framing);
  const wanted: OriginRequest = {
    method,
    route,
    target,
    headers: requestHeaders(request, target.authority, framing),
    reuse: !bodied && repeatable.has(method),
  };
  const { outgoing, answer } = bodied
    ? await askWithBody(exchange, wanted, request, response)
    : await ask(exchange, wanted, response);
  if (answer.how === "upgrade") {
    answer.stream.destroy();
    throw brokenBy(new Error("it switched protocols unasked"));
  }
  await passOn(answer.response, response);
  // An answer before the end of a body ends the exchange; what still comes is for nobody.
  request.unpipe(outgoing);
  request.resume();
  if (!outgoing.writableFinished) outgoing.destroy();
}

interface Asked {
  readonly outgoing: ClientRequest;
  readonly answer: OriginAnswer;
}

async function ask(exchange: Exchange, wanted: OriginRequest, response: ServerResponse): Promise<Asked> {
  const outgoing = openOriginRequest(exchange, wanted);
  passInformation(outgoing, response);
  outgoing.end();
  try {
    return { outgoing, answer: await answerTo(outgoing, wanted) };
  } catch (error) {
    // The origin may have closed a waiting connection just as it was taken again.
    if (!wanted.reuse || !outgoing.reusedSocket || exchange.signal.aborted) throw error;
    return ask(exchange, { ...wanted, reuse: false }, response);
  }
}

async function askWithBody(
  exchange: Exchange,
  wanted: OriginRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Asked> {
  const outgoing = openOriginRequest(exchange, wanted);
  passInformation(outgoing, response);
  if (request.headers.expect !== undefined) outgoing.flushHeaders();
  const answer = answerTo(outgoing, wanted);
  request.pipe(outgoing, { end: false });
  request.once("end", () => {
    const trailers = trailersOf(request);
    if (trailers.length > 0 && outgoing.chunkedEncoding) outgoing.addTrailers(trailers);
    outgoing.end();
  });
  return { outgoing, answer: await answer };
}

/** Answers before the answer: `100` where the client waits for it, and hints. */
function passInformation(outgoing: ClientRequest, response: ServerResponse): void {
  const waits = response.req.headers.expect !== undefined;
  outgoing.on("continue", () => {
    if (waits) response.writeContinue();
  });
  outgoing.on("information", ({ statusCode, headers }) => {
    if (response.req.httpVersion !== "1.1" || response.headersSent) return;
    if (statusCode === 102) response.writeProcessing();
    if (statusCode === 103 && headers.link !== undefined) earlyHints(response, headers.link);
  });
}

function earlyHints(response: ServerResponse, link: string | string[]): void {
  try {
    response.writeEarlyHints({ link });
  } catch {
    // Node.js takes fewer forms of links than there are; hints may be left out.
  }
}

/** Sends an origin's answer to the client. */
export async function passOn(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  response.sendDate = false;
  try {
    response.writeHead(answer.statusCode ?? 0, answer.statusMessage, responseHeaders(answer));
  } catch (error) {
    answer.destroy();
    throw error instanceof Refusal ? error : brokenBy(error as Error);
  }
  // With the first bytes of the body where those are there already, and without them where they take long.
  setImmediate(() => {
    if (!response.writableEnded && !response.destroyed) response.flushHeaders();
  });
  await drain(answer, response);
  const trailers = trailersOf(answer);
  if (trailers.length > 0 && response.chunkedEncoding) response.addTrailers(trailers);
  response.end();
}

/** Writes all of an answer's body; the response is left open for trailers. */
function drain(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => void answer.destroy();
    answer.once("end", () => {
      response.off("close", gone);
      resolve();
    });
    answer.once("error", (error) => reject(brokenBy(error)));
    // Comes after either of those, and alone where nobody is to blame but this side.
    answer.once("close", () => {
      if (!answer.readableEnded) reject(brokenBy(new Error("closed")));
    });
    response.once("close", gone);
    answer.pipe(response, { end: false });
  });
}
