import { download, requests, setUp, upload } from "./proxy-client.js";
import { openRoutes, type Route } from "./proxy-programs.js";
import { rowOf, type Effort, type Row } from "./row.js";

/** One figure, and what it may be as a ratio to a direct connection and to tinyproxy. */
interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly atLeast: boolean;
  readonly direct: number;
  readonly tinyproxy: number;
  readonly measure: (route: Route, originPort: number) => Promise<number>;
}

/** What the egress proxy costs: against a direct connection, and against Debian's tinyproxy where it is installed. */
export async function measureProxy({ isQuick, loadRounds }: Effort): Promise<Row[]> {
  await using routes = await openRoutes();
  const { direct, egress, tinyproxy, originPort } = routes;
  if (tinyproxy === undefined)
    console.log("tinyproxy is missing: the egress proxy is measured against a direct connection alone");
  const mebibytes = isQuick ? 32 : 512;
  const count = isQuick ? 50 : 1_000;
  const figures: Figure[] = [
    {
      name: "download",
      unit: "MiB/s",
      atLeast: true,
      direct: 0.2,
      tinyproxy: 1,
      measure: (route, port) => download(route, port, mebibytes),
    },
    {
      name: "upload",
      unit: "MiB/s",
      atLeast: true,
      direct: 0.2,
      tinyproxy: 1,
      measure: (route, port) => upload(route, port, mebibytes),
    },
    {
      name: "set-up of a tunnel",
      unit: "µs",
      atLeast: false,
      direct: 8,
      tinyproxy: 2.5,
      measure: (route, port) => setUp(route, port, count),
    },
    {
      name: "plain requests",
      unit: "/s",
      atLeast: true,
      direct: 0.12,
      tinyproxy: 0.35,
      measure: (route, port) => requests(route, port, 2 * count),
    },
  ];
  const rows: Row[] = [];
  for (const { name, unit, atLeast, measure, ...limits } of figures) {
    const measured = { direct: [] as number[], egress: [] as number[], tinyproxy: [] as number[] };
    for (let round = -1; round < loadRounds; round += 1)
      for (const [key, route] of Object.entries({ direct, egress, tinyproxy }) as [
        keyof typeof measured,
        Route | undefined,
      ][]) {
        if (route === undefined) continue;
        const value = await measure(route, originPort);
        // The first round warms everything up.
        if (round >= 0) measured[key].push(value);
      }
    const row = (floor: "direct" | "tinyproxy", words: string): Row =>
      rowOf({
        figure: `egress proxy, ${name}, to ${words}`,
        unit,
        own: measured.egress,
        floor: measured[floor],
        limit: limits[floor],
        atLeast,
      });
    rows.push(row("direct", "direct"));
    if (tinyproxy !== undefined) rows.push(row("tinyproxy", "tinyproxy"));
  }
  return rows;
}
