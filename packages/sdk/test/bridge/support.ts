import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { connect as connectTls, TLSSocket, type ConnectionOptions } from "node:tls";
import { expect, onTestFinished } from "vitest";
import {
  openBridge,
  parseDialTarget,
  type Bridge,
  type BridgeListen,
  type BridgeOptions,
  type Logger,
} from "../../src/index.js";
import { certificatePem, keyPem } from "../logs/localhost-certificate.js";
import type { TestPair } from "./certificates.js";

export const firstPair: TestPair = { cert: certificatePem, key: keyPem };

/** A short, empty folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync("/tmp/br-");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly text: string;
}

/** A logger that keeps its lines. */
export function collectLogs(): { logger: Logger; lines: LogLine[]; texts: () => string[] } {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (fields: object, text: string): void =>
      void lines.push({ level, fields: fields as Record<string, unknown>, text });
  const logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { logger, lines, texts: () => lines.map(({ level, text }) => `${level}: ${text}`) };
}

/** Puts a pair of PEM files into a folder. */
export function writePair(
  folder: string,
  { cert, key }: TestPair,
): { certificateFile: string; keyFile: string } {
  const files = { certificateFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  writeFileSync(files.certificateFile, cert);
  writeFileSync(files.keyFile, key);
  return files;
}

/** Where to listen, one of each kind. */
export function listenAt(type: BridgeListen["type"]): BridgeListen {
  if (type === "unix") return { type, path: join(temporaryFolder(), "b.sock") };
  if (type === "tcp") return { type };
  return { type, advertisedHost: "localhost", ...writePair(temporaryFolder(), firstPair) };
}

/** A bridge that is closed after the test, if not before. */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const bridge = await openBridge({ logger: collectLogs().logger, ...options });
  onTestFinished(() => bridge.close());
  return bridge;
}

export interface Origin {
  readonly target: string;
  readonly server: Server;
  /** What has connected and was not taken yet, in order. */
  accept(): Promise<Socket>;
}

/** A guest's listener; the test is the program behind it. */
export async function startOrigin(type: "unix" | "tcp" = "unix"): Promise<Origin> {
  const waiting: Socket[] = [];
  const takers: ((socket: Socket) => void)[] = [];
  const all = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    all.add(socket);
    socket.on("error", () => undefined);
    const taker = takers.shift();
    if (taker === undefined) waiting.push(socket);
    else taker(socket);
  });
  const path = join(temporaryFolder(), "o.sock");
  await new Promise<void>((resolve) => {
    if (type === "unix") server.listen({ path }, resolve);
    else server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    for (const socket of all) socket.destroy();
    server.close();
  });
  return {
    target: type === "unix" ? `unix://${path}` : `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    accept: () => {
      const socket = waiting.shift();
      return socket === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(socket);
    },
  };
}

/** A guest's listener that gives back all that it is told, and ends when it is told to. */
export async function startEcho(type: "unix" | "tcp" = "unix"): Promise<Origin> {
  const origin = await startOrigin(type);
  origin.server.on("connection", (socket: Socket) => socket.pipe(socket));
  return origin;
}

/** Begins to dial a target as the host does. */
export function startDial(target: string, tls: ConnectionOptions = {}): Socket {
  const parsed = parseDialTarget(target);
  if (parsed.type === "unix") return connect({ path: parsed.path, allowHalfOpen: true });
  const { host, port } = parsed;
  if (parsed.type === "tcp") return connect({ host, port, allowHalfOpen: true });
  const options = { host: "127.0.0.1", port, servername: host, ca: [firstPair.cert], ALPNProtocols: ["h2"] };
  return connectTls({ ...options, ...tls });
}

/** Dials a target as the host does, until the end of the test; resolves once it may write. */
export async function dial(target: string, tls: ConnectionOptions = {}): Promise<Socket> {
  const socket = startDial(target, tls);
  onTestFinished(() => void socket.destroy());
  await established(socket);
  return socket;
}

export async function dialTls(target: string, tls: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = await dial(target, tls);
  if (socket instanceof TLSSocket) return socket;
  throw new Error(`${target} is no tls:// target`);
}

/** Resolves once a socket may write. */
export function established(socket: Socket | TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", () => {
      socket.allowHalfOpen = true;
      resolve();
    });
    socket.on("error", reject);
  });
}

/** How a connection ends that is dialled now, which may be before it is established. */
export function dialledEnd(target: string, tls: ConnectionOptions = {}): Promise<string> {
  const socket = startDial(target, tls);
  onTestFinished(() => void socket.destroy());
  return endOf(socket);
}

/** All that a stream brings up to its end; rejects where it breaks off. */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("end", resolve);
    stream.once("error", reject);
    stream.once("close", () => reject(new Error("closed before its end")));
  });
  return Buffer.concat(chunks);
}

/** How a stream ended: "end", or the code of its error. */
export function endOf(stream: Duplex): Promise<string> {
  return new Promise((resolve) => {
    stream.resume();
    stream.once("end", () => resolve("end"));
    stream.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    stream.once("close", () => resolve("closed"));
  });
}

/** The sockets that this process has open. */
export function openSockets(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

/** Waits until as many sockets are open as before: those on their way out have to go, and none may be left. */
export async function expectSockets(count: number): Promise<void> {
  await expect.poll(openSockets, { timeout: 10_000 }).toBe(count);
}

export function read(path: string): string {
  return readFileSync(path, "utf8");
}
