import { STATUS_CODES, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Refusal } from "./refusal.js";

/** Answers with a refusal, or, where an answer is under way already, breaks it off so that nobody takes it for whole. */
export function refuse(refusal: Refusal, response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { reason, status } = refusal;
  // Where it is not sure how a request ends, nothing behind it may be read as another one.
  const close = reason === "malformed" ? ["Connection", "close"] : [];
  // An origin's status line may be set already, though never sent.
  response.writeHead(status, STATUS_CODES[status] ?? "", [...refusal.headers(), ...close]).end(refusal.body);
}

/** Answers what Node.js could not read as a request. */
export function refuseUnread(refusal: Refusal, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const headers = [...refusal.headers(), "Connection", "close"];
  const lines = headers.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("");
  socket.write(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}\r\n${lines}\r\n${refusal.body}`,
  );
  socket.destroySoon();
}
