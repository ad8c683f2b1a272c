import { defineCheck, type Check } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { mustAllow, mustRefuse, policed } from "./policed.js";

/** Names that never lead anywhere: who may ask for them is told so, or that there is no such host. */
const zone = "conformance.invalid";

interface Names {
  readonly defaultAction?: "" | "allow" | "deny";
  readonly list: readonly string[];
  readonly allowed?: readonly string[];
  readonly refused?: readonly string[];
}

/** Asks the plugin's proxy for all of them at the same time: a resolver may be slow to say that there is no such name. */
async function names(t: CheckContext, { list, allowed = [], refused = [], ...rest }: Names): Promise<void> {
  const { defaultAction = "deny" } = rest;
  const plugin = await policed(t, { allowedHosts: list, defaultAction });
  const what = (host: string): string => `under allowed_hosts ${JSON.stringify(list)}, a request for ${host}`;
  const ask = (host: string): Promise<Awaited<ReturnType<typeof plugin.ask>>> =>
    plugin.ask(`http://${host}/`);
  const answers = await Promise.all([...allowed, ...refused].map(ask));
  for (const [index, host] of allowed.entries())
    mustAllow(t, what(host), answers[index] ?? { status: 0, body: "" });
  for (const [index, host] of refused.entries())
    mustRefuse(t, what(host), answers[allowed.length + index] ?? { status: 0, body: "" });
}

export const exactName: Check = defineCheck({
  id: "egress/allowed-hosts/exact-name",
  title: "a name on the list allows that name, and none below or beside it",
  requirements: ["EGR-1"],
  instance: "shared",
  cause: "Names are compared by their ends or by a part.",
  mend: "Compare whole names.",
  run: (t) =>
    names(t, {
      list: [`exact.${zone}`],
      allowed: [`exact.${zone}`],
      refused: [`below.exact.${zone}`, `inexact.${zone}`, `exact.${zone}.invalid`, `other.${zone}`, zone],
    }),
});

export const suffixPattern: Check = defineCheck({
  id: "egress/allowed-hosts/suffix-pattern",
  title: "*.suffix allows every name below the suffix, and not the suffix itself",
  requirements: ["EGR-1"],
  instance: "shared",
  cause: "The pattern matches its bare suffix too, or any name that ends in the same letters.",
  mend: "Match a name that ends in a dot and the suffix, with something before it.",
  run: (t) =>
    names(t, {
      list: [`*.suffix.${zone}`],
      allowed: [`one.suffix.${zone}`, `one.two.suffix.${zone}`],
      refused: [`suffix.${zone}`, `nosuffix.${zone}`, `suffix.${zone}.invalid`],
    }),
});

export const caseIgnored: Check = defineCheck({
  id: "egress/allowed-hosts/case",
  title: "names and patterns are compared without case",
  requirements: ["EGR-1"],
  instance: "shared",
  cause: "The list is compared as it is written.",
  mend: "Put both sides in lower case before they are compared.",
  run: (t) =>
    names(t, {
      list: [`Upper.${zone}`, `*.SUFFIX.${zone.toUpperCase()}`],
      allowed: [`upper.${zone}`, `one.suffix.${zone}`],
    }),
});

export const portIgnored: Check = defineCheck({
  id: "egress/allowed-hosts/port-of-request",
  title: "a listed host may be reached on every port",
  requirements: ["EGR-1"],
  instance: "shared",
  cause: "The name and the port of a request are compared as one text, or only 80 and 443 are let through.",
  mend: "Leave the requested port out before the host is compared.",
  run: (t) => names(t, { list: [`exact.${zone}`], allowed: [`exact.${zone}:8080`, `exact.${zone}:443`] }),
});

export const patternWithPort: Check = defineCheck({
  id: "egress/allowed-hosts/pattern-with-port",
  title: "an entry with a port allows nothing",
  requirements: ["EGR-1"],
  instance: "shared",
  cause: "The port of an entry is cut off, or compared with the request's.",
  mend: "An entry with a port matches no host: gestaltd's own proxy takes it so, and a policy must mean one thing.",
  run: (t) =>
    names(t, {
      list: [`ported.${zone}:80`, `other.${zone}`],
      refused: [`ported.${zone}`, `ported.${zone}:80`],
    }),
});

export const loneStar: Check = defineCheck({
  id: "egress/allowed-hosts/lone-star",
  title: "* alone is no wildcard",
  requirements: ["EGR-1"],
  instance: "shared",
  cause: "Patterns are matched as globs, in which * stands for everything.",
  mend: "Know two kinds of entries: a name, and *. followed by a suffix.",
  run: (t) => names(t, { list: ["*", `other.${zone}`], refused: [`any.${zone}`] }),
});

export const listWins: Check = defineCheck({
  id: "egress/default-action/list-wins",
  title: "with hosts on the list, default_action allow opens nothing more",
  requirements: ["EGR-1"],
  instance: "shared",
  cause: "default_action decides about what is not listed. It decides only where nothing is.",
  mend: "Refuse what a list that is not empty does not hold, whatever the action.",
  run: async (t) => {
    for (const defaultAction of ["allow", ""] as const)
      await names(t, {
        defaultAction,
        list: [`exact.${zone}`],
        allowed: [`exact.${zone}`],
        refused: [`other.${zone}`],
      });
  },
});

export const denyRefusesAll: Check = defineCheck({
  id: "egress/default-action/deny",
  title: "an empty list with default_action deny refuses every host",
  requirements: ["EGR-1"],
  instance: "shared",
  cause: "An empty list is taken for no policy.",
  mend: "Enforce where the list holds something or the action is deny.",
  run: (t) => names(t, { list: [], refused: [`any.${zone}`, "192.0.2.1"] }),
});
