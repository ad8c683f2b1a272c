import { isOpen } from "../text/variables.js";
import { isIP } from "node:net";
import { valueAt, fieldAt, type Rule } from "../rule.js";
import { replaceText } from "../text/edits.js";
import { runtimeEntries, type ConfigSubject } from "./subject.js";

/** What may be reached, and what that does to the provider itself. */
export const egressRules: readonly Rule<ConfigSubject>[] = [
  {
    id: "config/egress-host",
    severity: "error",
    demands:
      "allowedHosts are names, addresses, or *.suffix patterns: no scheme, no port, no path, no * alone (EGR-1)",
    fixes: "takes scheme, port and path off",
    *check({ entries }) {
      for (const { at: entry } of entries)
        for (const at of entry.field("egress").field("allowedHosts").items) {
          const { text } = at;
          if (text === undefined || isOpen(text)) continue;
          const found = hostFault(text.trim());
          if (found === undefined) continue;
          yield {
            at: valueAt(at),
            message: `${at.label} ${JSON.stringify(text)} ${found.fault}`,
            suggestion: found.right === undefined ? found.mend : `write ${found.right}`,
            fix: found.right === undefined ? undefined : replaceText(at, found.right),
          };
        }
    },
  },
  {
    id: "config/egress-action",
    severity: "error",
    demands: "server.egress.defaultAction is allow or deny",
    *check({ root }) {
      const at = root.field("server").field("egress").field("defaultAction");
      if (at.text === undefined || isOpen(at.text) || ["allow", "deny", ""].includes(at.text.trim())) return;
      yield {
        at: valueAt(at),
        message: `${at.label} ${JSON.stringify(at.text)} is neither allow nor deny`,
        suggestion: "write allow or deny",
      };
    },
  },
  {
    id: "config/sandboxed-script",
    severity: "error",
    demands:
      "a provider whose own egress is limited is an executable: a script does not start in the host's sandbox (PROC-10)",
    *check(subject) {
      for (const entry of runtimeEntries(subject)) {
        const cause = sandboxCause(subject, entry.at);
        if (cause === undefined || entry.package?.program?.type !== "script") continue;
        yield {
          at: cause.place,
          message: `${cause.reason}, so the host starts ${entry.at.label} in its sandbox, where a script does not start (PROC-10)`,
          suggestion: "use the provider's release of artifact executable, or lift the limit",
        };
      }
    },
  },
  {
    id: "config/sandboxed-provider",
    severity: "note",
    demands: "know that a provider whose own egress is limited runs in the host's sandbox (PROC-10)",
    *check(subject) {
      for (const entry of runtimeEntries(subject)) {
        const cause = sandboxCause(subject, entry.at);
        if (cause === undefined || entry.package?.program?.type === "script") continue;
        yield {
          at: cause.place,
          message: `${cause.reason}, so the host starts ${entry.at.label} in its sandbox: it can start no programs of this machine, and reaches the network through the host's proxy alone (PROC-10)`,
          suggestion: "leave it where the provider's backend is remote; else lift the limit",
        };
      }
    },
  },
];

function sandboxCause({ root }: ConfigSubject, entry: ConfigSubject["root"]) {
  if (entry.field("driver").exists) return undefined;
  const hosts = entry.field("egress").field("allowedHosts");
  if (hosts.items.length > 0) return { place: fieldAt(hosts), reason: `${hosts.label} is set` };
  const action = root.field("server").field("egress").field("defaultAction");
  return action.text?.trim() === "deny"
    ? { place: valueAt(action), reason: "egress is denied by default" }
    : undefined;
}

interface HostFault {
  readonly fault: string;
  readonly mend: string;
  readonly right?: string;
}

function hostFault(host: string): HostFault | undefined {
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0 || isPattern(host)) return undefined;
  const bare = host
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/^[^/@]*@/, "")
    .replace(/[/?#].*$/s, "")
    .replace(/:\d*$/, "");
  if (host === "*")
    return {
      fault: "is no wildcard for all hosts: it matches none",
      mend: "leave allowedHosts out to allow all, or name the hosts",
    };
  if (/^[\d.:a-f]+\/\d+$/i.test(host))
    return { fault: "is a network, which the host does not match", mend: "name the hosts" };
  if (bare !== host && bare !== "*" && (isPattern(bare) || isIP(bare) !== 0))
    return { fault: "matches nothing: a pattern is a host's name alone", mend: `write ${bare}`, right: bare };
  if (host.includes("*"))
    return {
      fault: "matches nothing: a wildcard is *. and then the whole suffix",
      mend: "write *.example.com",
    };
  return { fault: "is no host's name", mend: "write a name such as api.example.com" };
}

function isPattern(host: string): boolean {
  return /^(\*\.)?(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(host);
}
