import { findTool } from "@gestalt-runtime/sdk/processes";

/** The programs that close a guest's network and lead out of it. */
export interface NetworkTools {
  readonly bwrap: string;
  readonly nsenter: string;
  readonly socat: string;
  /** Where it is missing, a relay that is named by an address is reached through the proxy alone. */
  readonly ip: string | undefined;
}

/** The programs that give a guest an open network of its own. */
export interface OpenNetworkTools extends NetworkTools {
  readonly pasta: string;
  readonly ip: string;
  readonly sh: string;
  readonly sleep: string;
}

/** The tools, or a sentence on what is missing with the mend. */
export function findNetworkTools(): NetworkTools | string {
  const [bwrap, nsenter, socat, ip] = ["bwrap", "nsenter", "socat", "ip"].map(findTool);
  const missing = [
    ...(bwrap === undefined ? ["bubblewrap"] : []),
    ...(nsenter === undefined ? ["util-linux (nsenter)"] : []),
    ...(socat === undefined ? ["socat"] : []),
  ];
  if (bwrap === undefined || nsenter === undefined || socat === undefined)
    return `a plugin's network can't be closed: install ${missing.join(" and ")}`;
  return { bwrap, nsenter, socat, ip };
}

/** Those besides that make an open network, or a sentence on what is missing with the mend. */
export function findOpenNetworkTools(tools: NetworkTools): OpenNetworkTools | string {
  const [pasta, sh, sleep] = ["pasta", "sh", "sleep"].map(findTool);
  const { ip } = tools;
  const missing = [
    ...(pasta === undefined ? ["passt (pasta)"] : []),
    ...(ip === undefined ? ["iproute2 (ip)"] : []),
    ...(sh === undefined || sleep === undefined ? ["a shell and coreutils (sleep)"] : []),
  ];
  if (pasta === undefined || ip === undefined || sh === undefined || sleep === undefined)
    return `install ${missing.join(" and ")}`;
  return { ...tools, pasta, ip, sh, sleep };
}
