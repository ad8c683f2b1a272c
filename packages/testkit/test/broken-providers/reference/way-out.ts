import { join } from "node:path";
import { openBridge, RuntimeProviderError } from "@gestalt-runtime/sdk";
import {
  createEgressProxy,
  enforcedEgress,
  type EgressProxyOptions,
  type EnforcedEgressRequest,
} from "@gestalt-runtime/sdk/egress";
import { findTool } from "@gestalt-runtime/sdk/processes";
import type { StartHostedPluginRequest } from "@gestalt-runtime/sdk/protocol";
import { insideFlag, type Door } from "./inside.js";
import type { Session } from "./reference.js";

/** A program to start, and what holds its network together. */
export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Record<string, string>;
}

export interface WayOut extends Start {
  close(): Promise<void>;
}

/** How plugins' networks are closed; faults replace parts of it. */
export class WaysOut {
  /** What is enforced; undefined: the network stays as it is (EGR-5). */
  enforced = (request: EnforcedEgressRequest): ReturnType<typeof enforcedEgress> => enforcedEgress(request);
  /** The proxy of one plugin. */
  proxyOptions = (options: EgressProxyOptions): EgressProxyOptions => options;
  /** Whether the plugin has a network of its own; otherwise only its variables lead to the proxy. */
  closed = true;
  /** The last change to the plugin's environment. */
  environment = (made: Record<string, string>): Record<string, string> => made;

  /** The program as it is to be started: under an egress policy, in a network of its own (EGR). */
  async startOf(
    session: Session,
    { command, args, allowedHosts, defaultAction }: StartHostedPluginRequest,
    environment: Record<string, string>,
  ): Promise<Start> {
    const start = { command, args, environment };
    const relays = session.bindings.values();
    session.wayOut = await this.#open(
      start,
      { allowedHosts, defaultAction, env: environment, relays },
      session.directory,
    );
    return session.wayOut ?? start;
  }

  async #open(start: Start, request: EnforcedEgressRequest, directory: string): Promise<WayOut | undefined> {
    const enforced = this.enforced(request);
    if (enforced === undefined) return undefined;
    const opened: { close(): Promise<void> }[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(opened.splice(0).map((one) => one.close()));
    };
    try {
      const path = join(directory, "proxy.sock");
      const listen = this.closed ? { path } : { host: "127.0.0.1" };
      const proxy = await createEgressProxy(this.proxyOptions({ ...enforced.proxy, listen }));
      opened.push(proxy);
      const location = "port" in proxy.address ? proxy.address : inside;
      const environment = this.environment(enforced.environment({ proxy: location, relays: "direct" }));
      if (!this.closed) return { ...start, environment, close };
      const doors: Door[] = [{ ...inside, socket: path }];
      for (const [index, { host, port }] of enforced.relays.entries()) {
        const socket = join(directory, `relay-${index}.sock`);
        const upstream = { type: "tcp", host, port } as const;
        opened.push(await openBridge({ listen: { type: "unix", path: socket }, upstream }));
        doors.push({ host, port, socket });
      }
      return { ...enclosed(start, doors), environment, close };
    } catch (error) {
      await close();
      throw error;
    }
  }
}

/** Where a plugin in a closed network finds its proxy. */
const inside = { host: "127.0.0.1", port: 3128 } as const;

/** The program in a network namespace of its own, where this same program opens the doors first. */
function enclosed({ command, args }: Start, doors: readonly Door[]): Pick<Start, "command" | "args"> {
  const bwrap = findTool("bwrap");
  if (bwrap === undefined)
    throw new RuntimeProviderError(
      "FAILED_PRECONDITION",
      "egress can't be enforced here: bubblewrap is not installed: apt-get install bubblewrap",
    );
  const own = [process.execPath, process.argv[1] ?? "", insideFlag, JSON.stringify(doors)];
  return {
    command: bwrap,
    args: [
      ...["--unshare-net", "--cap-add", "CAP_NET_ADMIN", "--dev-bind", "/", "/", "--die-with-parent", "--"],
      ...[...own, command, ...args],
    ],
  };
}
