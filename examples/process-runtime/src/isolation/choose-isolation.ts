import { dirname } from "node:path";
import { RuntimeProviderError, type InstanceDirectory } from "@gestalt-runtime/sdk";
import { findTool, type ContainmentKind, type ProcessTree } from "@gestalt-runtime/sdk/processes";
import { keepMarker } from "../leftovers.js";
import { findNetworkTools, findOpenNetworkTools, type NetworkTools } from "../network/network-tools.js";
import { BubblewrapIsolation, type BubblewrapOptions } from "./bubblewrap.js";
import type { Isolation } from "./isolation.js";
import { tryIsolation, tryOpenNetwork } from "./preflight.js";
import { ProcessTreeIsolation } from "./process-tree.js";

/** What the operator wants of isolation. */
export interface IsolationWish {
  /** `auto`: the best that works here, and what is missing is said. */
  readonly isolation: "required" | "auto" | "none";
  /** What a plugin without an egress policy has. `auto`: a network of its own where that works. */
  readonly network: "private" | "auto" | "host";
  readonly readOnlyPaths: readonly string[];
}

/**
 * Finds out what this machine can do, by doing it.
 *
 * @param containment gives what holds processes together where there is no isolation
 * @throws {@link RuntimeProviderError} FAILED_PRECONDITION when something is required and can't be had
 */
export async function chooseIsolation(
  { isolation: wish, network, readOnlyPaths }: IsolationWish,
  instance: InstanceDirectory,
  containment: () => Promise<ContainmentKind>,
  warn: (text: string) => void,
): Promise<Isolation> {
  const onTree = async ({ marker }: ProcessTree): Promise<void> => {
    if (marker !== undefined) await keepMarker(instance.path, marker);
  };
  const none = async (): Promise<Isolation> => new ProcessTreeIsolation(await containment(), onTree);
  if (wish === "none" && network !== "private") return none();
  if (wish === "none") throw networkRefusal('isolation is "none"');
  const refuse = (fault: string): void => {
    if (wish !== "required") return;
    throw new RuntimeProviderError(
      "FAILED_PRECONDITION",
      `isolation is "required" and can't be had here: ${fault}; or set isolation to "auto" or "none"`,
    );
  };
  const shared = { readOnlyPaths, onTree, stateFolder: dirname(instance.path) };
  const bwrap = findTool("bwrap");
  const tools = findNetworkTools();
  let networkFault = typeof tools === "string" ? tools : "";
  if (typeof tools !== "string") {
    const networked = new BubblewrapIsolation({
      ...shared,
      ...{ bwrap: tools.bwrap, network: tools, openNetwork: undefined },
    });
    const found = await tryIsolation(networked, instance.path);
    if (found === undefined) return withOpenNetworks(networked, tools, network, shared, instance.path, warn);
    await networked.close();
    networkFault = found;
  }
  if (network === "private") throw networkRefusal(networkFault);
  const plain =
    bwrap === undefined
      ? undefined
      : new BubblewrapIsolation({ bwrap, network: undefined, openNetwork: undefined, ...shared });
  const fault = plain
    ? await tryIsolation(plain, instance.path)
    : "bubblewrap is not installed: install the package bubblewrap (Linux only)";
  if (fault !== undefined || wish === "required") await plain?.close();
  refuse(fault ?? networkFault);
  if (plain === undefined || fault !== undefined) {
    warn(`plugins are not isolated from this machine: ${fault ?? ""}`);
    return none();
  }
  warn(`plugins are isolated, and egress policies are not enforced: ${networkFault}`);
  return plain;
}

/** The isolation itself, or one that gives plugins without a policy a network of their own besides. */
async function withOpenNetworks(
  isolation: BubblewrapIsolation,
  tools: NetworkTools,
  wish: IsolationWish["network"],
  shared: Pick<BubblewrapOptions, "readOnlyPaths" | "onTree" | "stateFolder">,
  folder: string,
  warn: (text: string) => void,
): Promise<Isolation> {
  if (wish === "host") return isolation;
  const found = findOpenNetworkTools(tools);
  let fault = typeof found === "string" ? found : "";
  if (typeof found !== "string") {
    const open = new BubblewrapIsolation({
      ...shared,
      ...{ bwrap: tools.bwrap, network: tools, openNetwork: found },
    });
    const missing = await tryOpenNetwork(open, folder, found.socat);
    // One of the two is used.
    await (missing === undefined ? isolation : open).close();
    if (missing === undefined) return open;
    fault = missing;
  }
  if (wish === "private") {
    await isolation.close();
    throw networkRefusal(fault);
  }
  warn(
    `plugins without an egress policy have this machine's network, its loopback services included: ${fault}; or set network to "host"`,
  );
  return isolation;
}

function networkRefusal(fault: string): RuntimeProviderError {
  return new RuntimeProviderError(
    "FAILED_PRECONDITION",
    `network is "private" and can't be had here: ${fault}; or set network to "auto" or "host"`,
  );
}
