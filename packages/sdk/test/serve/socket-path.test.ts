import { once } from "node:events";
import { lstatSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { SocketPath } from "../../src/serve/socket-path.js";
import { accepts, temporaryFolder } from "./provider-process.js";

async function listenAt(path: string): Promise<Server> {
  const server = createServer();
  server.listen({ path });
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return server;
}

/** A socket that is bound and not shown yet. */
async function bound(): Promise<{ folder: string; socket: SocketPath }> {
  const folder = temporaryFolder();
  const socket = new SocketPath(join(folder, "p.sock"));
  await socket.prepare();
  await listenAt(socket.listenPath);
  return { folder, socket };
}

describe("SocketPath", () => {
  it("PROC-3: binds beside the path, and shows it under one name alone", async () => {
    const { folder, socket } = await bound();
    expect(socket.listenPath).toMatch(new RegExp(`^${folder}/\\.[0-9a-f]{8}$`));
    await socket.publish();
    expect(readdirSync(folder)).toEqual(["p.sock"]);
    expect(await accepts(socket.path)).toBe(true);
    socket.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("PROC-2: a file that came while it was starting is left alone", async () => {
    const { folder, socket } = await bound();
    writeFileSync(socket.path, "precious");
    await expect(socket.publish()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    socket.remove();
    expect(readdirSync(folder)).toEqual(["p.sock"]);
    expect(lstatSync(socket.path).size).toBe(8);
  });

  it("PROC-2, PROC-9: a listener that came while it was starting is left alone", async () => {
    const { folder, socket } = await bound();
    await listenAt(socket.path);
    await expect(socket.publish()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `another process listens on ${socket.path} (dialling it: connected); end it, or serve at another path`,
    });
    socket.remove();
    expect(readdirSync(folder)).toEqual(["p.sock"]);
    expect(await accepts(socket.path)).toBe(true);
  });

  it("PROC-9: what another one put in its place since stays, and removing twice harms nobody", async () => {
    const { folder, socket } = await bound();
    await socket.publish();
    const other = join(folder, "other");
    await listenAt(other);
    renameSync(other, socket.path);
    socket.remove();
    socket.remove();
    expect(await accepts(socket.path)).toBe(true);
  });

  it("PROC-6: removing what is gone already, or was never shown, is no error", async () => {
    const shown = await bound();
    await shown.socket.publish();
    rmSync(shown.socket.path);
    shown.socket.remove();
    const hidden = await bound();
    hidden.socket.remove();
    expect(readdirSync(shown.folder)).toEqual([]);
    expect(readdirSync(hidden.folder)).toEqual([]);
  });
});
