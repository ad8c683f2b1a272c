import type { Duplex } from "node:stream";
import { parseDialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { Ended, GuestListener } from "../sessions/guest.js";
import type { GuestExec, GuestExecStream } from "./exec.js";
import { streamOverExec } from "./exec-stream.js";
import { startForward, type GuestForward } from "./guest-forward.js";
import { endText, runHelper } from "./helper-run.js";
import { node } from "./relays/node.js";
import { perl } from "./relays/perl.js";
import { python } from "./relays/python.js";
import type { GuestTool, Relay } from "./relays/relay.js";
import { socat } from "./relays/socat.js";

/** What {@link guestBridge} works with. */
export interface GuestBridgeOptions {
  /** Runs programs in the guest: to find out which are there, and to carry connections where `stream` is missing. */
  readonly exec: GuestExec;
  /**
   * Carries connections with back-pressure and an end for each half. Without it `exec` does, as far as it can: see
   * {@link streamOverExec}.
   */
  readonly stream?: GuestExecStream;
  /** Which programs to try, in this order. Default: python3, perl, node, socat. */
  readonly tools?: readonly GuestTool[];
  /** How long a program has to show that it is there, or to listen. Default 30,000. */
  readonly timeoutMs?: number;
}

/** Ways to sockets inside a guest that offers nothing but running programs. */
export interface GuestBridge {
  /** The program that does it; looked for once, with the first need. */
  tool(signal?: AbortSignal): Promise<GuestTool>;
  /**
   * A dial to a listener in the guest, for `openBridge` and `RunningPlugin.reach`: each call runs one program that
   * connects there. Where nobody listens, the stream ends without a byte, or breaks off.
   *
   * @param to a dial target as the guest sees it, `unix://` or `tcp://`, or the same parsed
   */
  dialTo(to: string | GuestListener): (signal: AbortSignal) => Promise<Duplex>;
  /**
   * Listens in the guest and leads each connection on to another place that the guest reaches: a TCP port that the
   * cloud can tunnel to for a plugin that listens on a Unix socket only, or the other way round. It listens when
   * this resolves.
   */
  forward(
    at: string | GuestListener,
    to: string | GuestListener,
    signal?: AbortSignal,
  ): Promise<GuestForward>;
}

const relays: Readonly<Record<GuestTool, Relay>> = { python3: python, perl, node, socat };
const allTools: readonly GuestTool[] = ["python3", "perl", "node", "socat"];

/**
 * Reaches sockets inside a guest that has only `exec`, by a program that its image has anyway: Python, Perl, Node.js
 * or socat. Nothing is uploaded.
 *
 * @throws from its methods: {@link RuntimeProviderError} FAILED_PRECONDITION where the guest has none of them,
 *   naming what was tried and how each failed
 */
export function guestBridge(options: GuestBridgeOptions): GuestBridge {
  const { exec, tools = allTools, timeoutMs = 30_000 } = options;
  const stream = options.stream ?? streamOverExec(exec);
  const atEnd = options.stream === undefined ? "exit" : "close stdout";
  let found: Promise<Relay> | undefined;

  // What was found once serves everybody; a search that failed is made again.
  const relay = (signal?: AbortSignal): Promise<Relay> => {
    const search = found ?? findRelay(exec, tools, timeoutMs);
    found = search;
    search.catch(() => {
      if (found === search) found = undefined;
    });
    return unlessAborted(search, signal);
  };

  return {
    tool: async (signal) => (await relay(signal)).tool,
    dialTo: (to) => {
      const place = guestPlace(to);
      return async (signal) => {
        const program = await relay(signal);
        return stream(program.connect(place, atEnd), { signal });
      };
    },
    forward: async (at, to, signal) => {
      const [from, onto] = [guestPlace(at), guestPlace(to)];
      const program = await relay(signal);
      return startForward(exec, { tool: program.tool, argv: program.forward(from, onto), timeoutMs, signal });
    },
  };
}

async function findRelay(exec: GuestExec, tools: readonly GuestTool[], timeoutMs: number): Promise<Relay> {
  const failed: string[] = [];
  for (const tool of tools) {
    const relay = relays[tool];
    const what = `look for ${tool} in the guest`;
    const ended = await runHelper(exec, { what, argv: relay.probe, timeoutMs }).then(
      (run): Ended | Error => run.ended,
      (error: unknown) => RuntimeProviderError.from(error, what),
    );
    if (!(ended instanceof Error) && ended.how === "exit" && ended.code === 0) return relay;
    failed.push(`${tool} (${ended instanceof Error ? ended.message : endText(ended)})`);
  }
  throw new RuntimeProviderError(
    "FAILED_PRECONDITION",
    `no program in the guest can carry connections; tried ${failed.join(", ")}: put one of them into the image`,
  );
}

/** Whoever waits may leave; what it waited for goes on for the others. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function guestPlace(place: string | GuestListener): GuestListener {
  if (typeof place !== "string") return place;
  const target = parseDialTarget(place, "the guest's target");
  if (target.type === "unix") return target;
  if (target.type === "tcp") return { ...target, type: "tcp" };
  throw new RuntimeProviderError(
    "INVALID_ARGUMENT",
    `the guest's target ${JSON.stringify(place)} is TLS; inside a guest only unix:// and tcp:// are reached`,
  );
}
