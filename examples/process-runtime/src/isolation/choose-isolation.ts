import { dirname } from "node:path";
import { RuntimeProviderError, type InstanceDirectory } from "@gestalt-runtime/sdk";
import { findTool, type ContainmentKind, type ProcessTree } from "@gestalt-runtime/sdk/processes";
import { keepMarker } from "../leftovers.js";
import { findNetworkTools } from "../network/network-tools.js";
import { BubblewrapIsolation } from "./bubblewrap.js";
import type { Isolation } from "./isolation.js";
import { tryIsolation } from "./preflight.js";
import { ProcessTreeIsolation } from "./process-tree.js";

/** What the operator wants of isolation. */
export interface IsolationWish {
  /** `auto`: the best that works here, and what is missing is said. */
  readonly isolation: "required" | "auto" | "none";
  readonly readOnlyPaths: readonly string[];
}

/**
 * Finds out what this machine can do, by doing it.
 *
 * @param containment gives what holds processes together where there is no isolation
 * @throws {@link RuntimeProviderError} FAILED_PRECONDITION when isolation is required and can't be had
 */
export async function chooseIsolation(
  { isolation: wish, readOnlyPaths }: IsolationWish,
  instance: InstanceDirectory,
  containment: () => Promise<ContainmentKind>,
  warn: (text: string) => void,
): Promise<Isolation> {
  const onTree = async ({ marker }: ProcessTree): Promise<void> => {
    if (marker !== undefined) await keepMarker(instance.path, marker);
  };
  const none = async (): Promise<Isolation> => new ProcessTreeIsolation(await containment(), onTree);
  if (wish === "none") return none();
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
    const networked = new BubblewrapIsolation({ bwrap: tools.bwrap, network: tools, ...shared });
    const found = await tryIsolation(networked, instance.path);
    if (found === undefined) return networked;
    await networked.close();
    networkFault = found;
  }
  const plain =
    bwrap === undefined ? undefined : new BubblewrapIsolation({ bwrap, network: undefined, ...shared });
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
