import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { callsSeen, openPlace, startPlugin, startRuntime, type Plugin } from "./support.js";

/** What a gRPC client sends first, and the frame by which it says that it goes. */
const opening = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

function open({ dialTarget }: Plugin): Socket {
  const socket = connect({ path: dialTarget.slice("unix://".length), allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  return socket;
}

/** The first bytes that the plugin sends, or none where the connection ends before. */
async function firstBytes(socket: Socket): Promise<number> {
  socket.write(opening);
  return Promise.race([
    once(socket, "data").then(([bytes]) => (bytes as Buffer).length),
    once(socket, "end").then(() => 0),
    once(socket, "close").then(() => 0),
  ]).catch(() => 0);
}

describe("the way to the plugin", () => {
  it("T17, PLUG-5: a refused connection harms none of the others", async () => {
    const place = await openPlace();
    const plugin = await startPlugin(await startRuntime(place));
    const first = open(plugin);
    expect(await firstBytes(first)).toBeGreaterThan(0);
    await place.cloud.fault({ on: "connect", action: { do: "answer", status: 503 } });
    expect(await firstBytes(open(plugin))).toBe(0);
    await place.cloud.fault({ on: "connect", action: { do: "drop" } });
    expect(await firstBytes(open(plugin))).toBe(0);
    expect(await firstBytes(open(plugin))).toBeGreaterThan(0);
    expect(first.destroyed).toBe(false);
  });

  it("T17, PLUG-5: the end of one direction reaches the other side, and its answer still comes", async () => {
    const place = await openPlace();
    const plugin = await startPlugin(await startRuntime(place));
    const socket = open(plugin);
    expect(await firstBytes(socket)).toBeGreaterThan(0);
    const ended = once(socket, "end");
    // A gRPC server that is told that its client goes closes the connection from its side.
    socket.end(Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    socket.resume();
    await ended;
  });

  it("T17, SESS-10: where the plugin dies its connections end, and no new one is taken for alive", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    const plugin = await startPlugin(provider);
    const socket = open(plugin);
    expect(await firstBytes(socket)).toBeGreaterThan(0);
    const closed = once(socket.resume(), "close");
    socket.once("end", () => socket.end());
    await plugin.execute("exit", { code: 0, answerFirst: true });
    await closed;
    await expect
      .poll(async () => (await provider.runtime.getSession({ sessionId: plugin.sessionId })).state)
      .toBe("stopped");
    expect(await firstBytes(open(plugin))).toBe(0);
  });

  it("T17, T18, PLUG-5: a connection whose tunnel hangs is given up with its client, and others get through", async () => {
    const place = await openPlace();
    const plugin = await startPlugin(await startRuntime(place));
    const { counts } = await place.cloud.record();
    await place.cloud.fault({ on: "connect", action: { do: "hang" } });
    const stuck = open(plugin);
    await callsSeen(place.cloud, "connect", counts.connect + 1);
    expect(await firstBytes(open(plugin))).toBeGreaterThan(0);
    stuck.destroy();
    // The cloud sees its caller go.
    await expect
      .poll(async () => (await place.cloud.record()).calls.filter(({ kind }) => kind === "connect").length)
      .toBeGreaterThanOrEqual(counts.connect + 2);
    await place.cloud.clearFaults();
  });
});
