import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { openWays } from "./bridge-programs.js";
import { rowOf, type Effort, type Row } from "./row.js";

interface Figure {
  readonly name: string;
  readonly unit: string;
  /** As a ratio to socat as it is, and to socat with buffers as large as the bridge's. */
  readonly socat: number;
  readonly socatWide: number;
  readonly measure: (port: number) => Promise<number>;
}

/** What the bridge from TCP to a guest's Unix socket does beside Debian's socat. */
export async function measureBridge({ isQuick, loadRounds }: Effort): Promise<Row[]> {
  await using ways = await openWays();
  const { bridge, socat, socatWide } = ways;
  if (socat === undefined || socatWide === undefined) {
    console.log("socat is missing: the bridge is not measured");
    return [];
  }
  const mebibytes = isQuick ? 64 : 512;
  const connections = isQuick ? 50 : 500;
  const figures: Figure[] = [
    { name: "upload", unit: "MiB/s", socat: 0.9, socatWide: 0.5, measure: (port) => upload(port, mebibytes) },
    {
      name: "download",
      unit: "MiB/s",
      socat: 0.9,
      socatWide: 0.9,
      measure: (port) => download(port, mebibytes),
    },
    {
      name: "connections",
      unit: "/s",
      socat: 0.9,
      socatWide: 0.9,
      measure: (port) => setUps(port, connections),
    },
  ];
  const rows: Row[] = [];
  for (const { name, unit, measure, ...limits } of figures) {
    const measured = { bridge: [] as number[], socat: [] as number[], socatWide: [] as number[] };
    for (let round = -1; round < loadRounds; round += 1)
      for (const [way, port] of Object.entries({ bridge, socat, socatWide }) as [
        keyof typeof measured,
        number,
      ][]) {
        const value = await measure(port);
        // The first round warms everything up.
        if (round >= 0) measured[way].push(value);
      }
    for (const [floor, words] of [
      ["socat", "socat"],
      ["socatWide", "socat -b 65536"],
    ] as const)
      rows.push(
        rowOf({
          figure: `bridge, ${name}, to ${words}`,
          unit,
          own: measured.bridge,
          floor: measured[floor],
          limit: limits[floor],
          atLeast: true,
        }),
      );
  }
  return rows;
}

const received = Buffer.alloc(1024 * 1024);

/** Reads into one buffer and forgets it: the client is to cost little. */
function open(port: number, onBytes: (count: number) => void): Socket {
  const onread = {
    buffer: received,
    callback: (count: number): boolean => {
      onBytes(count);
      return true;
    },
  };
  return connect({ port, host: "127.0.0.1", allowHalfOpen: true, onread });
}

async function upload(port: number, mebibytes: number): Promise<number> {
  const started = performance.now();
  const socket = open(port, () => undefined);
  const ended = once(socket, "end");
  const piece = Buffer.alloc(1024 * 1024, "u");
  for (let sent = 0; sent < mebibytes; sent += 1) if (!socket.write(piece)) await once(socket, "drain");
  socket.end();
  // Only when all has arrived does the other side end.
  await ended;
  return (mebibytes / (performance.now() - started)) * 1_000;
}

async function download(port: number, mebibytes: number): Promise<number> {
  let bytes = 0;
  const started = performance.now();
  const socket = open(port, (count) => (bytes += count));
  socket.write(`d${mebibytes}`);
  await once(socket, "end");
  socket.end();
  if (bytes !== mebibytes * 1024 * 1024) throw new Error(`${bytes} bytes of ${mebibytes} MiB arrived`);
  return (mebibytes / (performance.now() - started)) * 1_000;
}

/** Connections with one byte there and back, one after the other. */
async function setUps(port: number, count: number): Promise<number> {
  const started = performance.now();
  for (let done = 0; done < count; done += 1) {
    const socket = open(port, () => undefined);
    socket.end("e");
    await once(socket, "end");
  }
  return (count / (performance.now() - started)) * 1_000;
}
