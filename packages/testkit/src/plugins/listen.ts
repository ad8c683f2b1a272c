import { lstatSync, renameSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { ServerCredentials, type Server } from "@grpc/grpc-js";
import { maxUnixPathBytes } from "@gestalt-runtime/sdk";
import type { Listening } from "./at-start.js";

/** The path in `GESTALT_PLUGIN_SOCKET`: bare, or with unix:// before it. */
export function pluginSocketPath(value: string | undefined): string {
  if (value === undefined || value === "") throw new Error("GESTALT_PLUGIN_SOCKET is not set");
  const path = value.replace(/^unix:\/\//, "");
  if (!path.startsWith("/"))
    throw new Error(`GESTALT_PLUGIN_SOCKET is "${value}": it must be an absolute path`);
  const bytes = Buffer.byteLength(path);
  if (bytes > maxUnixPathBytes)
    throw new Error(
      `GESTALT_PLUGIN_SOCKET has ${bytes} bytes; a Unix socket's path holds ${maxUnixPathBytes}`,
    );
  return path;
}

/**
 * Listens so that the path appears only when it accepts: under another name beside it, then renamed. Removes what it
 * made when the process exits.
 */
export async function listenAt(
  path: string,
  listening: Exclude<Listening, "none">,
  server: Server,
): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  if (listening === "grpc") await bindGrpc(server, temporary);
  else await bindPlain(temporary, listening);
  const { ino } = lstatSync(temporary);
  process.once("exit", () => {
    for (const made of [temporary, path]) if (inodeOf(made) === ino) rmSync(made, { force: true });
  });
  assertReplaceable(path);
  renameSync(temporary, path);
}

/** No longer than the name that it stands for, so that its path fits as well. */
function temporaryName(name: string): string {
  const unique = `~${process.pid.toString(36)}${Date.now().toString(36)}`.slice(0, Buffer.byteLength(name));
  return unique === name ? "_".repeat(unique.length) : unique;
}

function bindGrpc(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function bindPlain(path: string, how: "no-http2" | "silent"): Promise<void> {
  return new Promise((resolve, reject) => {
    const answer = (socket: Socket): void => {
      socket.on("error", () => undefined);
      if (how === "no-http2") socket.end("this is no HTTP/2 server\r\n");
      else socket.resume();
    };
    createServer(answer).on("error", reject).listen(path, resolve);
  });
}

function assertReplaceable(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket())
    throw new Error(`GESTALT_PLUGIN_SOCKET names ${path}, which exists and is not a socket`);
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}
