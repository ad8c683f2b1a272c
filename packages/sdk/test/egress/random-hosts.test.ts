import { expect, it, onTestFinished } from "vitest";
import {
  createEgressProxy,
  egressPolicy,
  type EgressEvent,
  type EgressProxy,
} from "../../src/egress/index.js";
import { oracleOpinions, type Opinion } from "./oracle.js";
import { RandomHosts, type HostCase } from "./random-hosts.js";
import { connectTo, okText, originHost, RawClient, startOrigin, statusOf, type Origin } from "./support.js";

const casesPerPolicy = 25;

/** What an answer has to be, by the oracle's opinion. HTTP itself takes nothing but ASCII, and no white space. */
function expectedAnswer({ verdict, closed }: Opinion, host: string): string {
  if (verdict === "invalid" || /[^!-~]/.test(host)) return "400 malformed";
  if (verdict === "deny") return "403 not-allowed";
  return closed ? "403 address" : "200";
}

it(
  "EGR-1: 10,000 random hosts get through the proxy, or not, as a second, independent reading says",
  { timeout: 240_000 },
  async () => {
    // With a proxy before it the proxy has nothing to resolve, and no address is dialled but that one's.
    const upstream = await startOrigin((head) =>
      head.startsWith("CONNECT") ? "HTTP/1.1 200 OK\r\n\r\n" : okText("through"),
    );
    const cases = new RandomHosts(10_007).cases(10_000, casesPerPolicy).map(withoutPort);
    const opinions = oracleOpinions(cases);
    const differences: unknown[] = [];
    const counts = new Map<string, number>();
    for (let at = 0; at < cases.length; at += casesPerPolicy) {
      await using proxy = await openFor(cases[at] ?? expect.fail(), upstream);
      for (let index = at; index < at + casesPerPolicy; index += 1) {
        const [each, opinion] = [cases[index] ?? expect.fail(), opinions[index] ?? expect.fail()];
        const answer = await proxy.ask(each.host, index % 4 === 0);
        const expected = expectedAnswer(opinion, each.host);
        if (answer !== expected) differences.push({ ...each, answer, expected });
        // What the proxy before it was asked for is the oracle's spelling, and it is asked for nothing else.
        const asked = upstream.connections.map(
          ({ received }) => /^\w+ (?:http:\/\/)?(.*):\d+\/? /.exec(received)?.[1],
        );
        const seen =
          expected === "200" ? [opinion.host.includes(":") ? `[${opinion.host}]` : opinion.host] : [];
        if (JSON.stringify(asked) !== JSON.stringify(seen)) differences.push({ ...each, asked, seen });
        for (const { socket } of upstream.connections.splice(0)) socket.destroy();
        counts.set(expected, (counts.get(expected) ?? 0) + 1);
      }
    }
    expect(differences.slice(0, 5)).toEqual([]);
    for (const answer of ["200", "403 not-allowed", "400 malformed"])
      expect(counts.get(answer)).toBeGreaterThan(300);
    expect(counts.get("403 address")).toBeGreaterThan(20);
  },
);

/** A host alone: ports are another matter, and an address without brackets gets them. */
function withoutPort({ host, ...policy }: HostCase): HostCase {
  const alone = host.replace(/^(\[[^\]]*\]|[^:]*):\d{0,5}$/, "$1");
  return { ...policy, host: alone.includes(":") && !/^\[.*\]$/.test(alone) ? `[${alone}]` : alone };
}

interface Asking extends AsyncDisposable {
  ask(host: string, byTunnel: boolean): Promise<string>;
}

async function openFor({ allowed, action }: HostCase, upstream: Origin): Promise<Asking> {
  const events: EgressEvent[] = [];
  const proxy: EgressProxy = await createEgressProxy({
    policy: egressPolicy({ allowedHosts: allowed, defaultAction: action }),
    upstream: `http://${originHost}:${upstream.port}`,
    onDenied: (event) => events.push(event),
    onFailed: (event) => events.push(event),
  });
  onTestFinished(() => proxy.close());
  return {
    ask: async (host, byTunnel) => {
      events.length = 0;
      const client = await RawClient.open(proxy);
      // In a URI some signs end the host: such a host can only be asked for by CONNECT.
      const line =
        byTunnel || /[/?#\\]/.test(host)
          ? connectTo(`${host}:443`)
          : `GET http://${host}:80/ HTTP/1.1\r\nHost: x\r\n\r\n`;
      client.send(Buffer.from(line));
      const status = statusOf(await client.until("\r\n\r\n"));
      client.socket.destroy();
      return [status, ...events.map(({ reason }) => reason)].join(" ");
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}
