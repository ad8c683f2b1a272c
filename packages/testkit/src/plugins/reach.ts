import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { lookup, Resolver } from "node:dns/promises";
import { connect, isIP } from "node:net";
import { promisify } from "node:util";
import type { ReachParams, ReachResult } from "./operations.js";
import { ownProgramArgs } from "./own-program.js";

/** The first argument of this same program when it is to try on behalf of the plugin. */
export const reachFlag = "--fixture-reach";

const defaultTimeoutMs = 1_000;

/** Tries it and tells how it went: that nothing gets out is an answer, not an error (EGR-2). */
export async function reach(params: ReachParams): Promise<ReachResult> {
  if (params.inChild === true) {
    const { PATH } = process.env;
    const args = ownProgramArgs(reachFlag, JSON.stringify({ ...params, inChild: false }));
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH } });
    return JSON.parse(stdout) as ReachResult;
  }
  try {
    await ways[params.how](params.host, params.port, params.timeoutMs ?? defaultTimeoutMs);
    return { reached: true };
  } catch (error) {
    return { reached: false, error: error instanceof Error ? error.message : String(error) };
  }
}

/** The whole life of a process that only tries. */
export async function runReach(params: string): Promise<void> {
  process.stdout.write(JSON.stringify(await reach(JSON.parse(params) as ReachParams)));
}

type Way = (host: string, port: number, timeoutMs: number) => Promise<unknown>;

const ways: Readonly<Record<ReachParams["how"], Way>> = {
  tcp: (host, port, timeoutMs) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, timeout: timeoutMs });
      socket.once("connect", () => {
        socket.destroy();
        resolve(undefined);
      });
      socket.once("timeout", () => socket.destroy(new Error("nothing came in time")));
      socket.once("error", reject);
    }),
  udp: async (host, port, timeoutMs) => {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? "udp6" : "udp4");
    try {
      await new Promise((resolve, reject) => {
        socket.once("message", resolve);
        socket.once("error", reject);
        setTimeout(() => reject(new Error("nothing came in time")), timeoutMs).unref();
        socket.send("reach", port, address, (error) => {
          if (error !== null) reject(error);
        });
      });
    } finally {
      socket.close();
    }
  },
  dns: async (host, port, timeoutMs) => {
    const { address } = await lookup(host);
    const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
    resolver.setServers([isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`]);
    try {
      await resolver.resolve4("reach.conformance.invalid");
    } catch (error) {
      // The resolver's own answer: it was reached.
      if (
        !["ENOTFOUND", "EREFUSED", "ESERVFAIL", "ENODATA"].includes((error as { code?: string }).code ?? "")
      )
        throw error;
    }
  },
};
