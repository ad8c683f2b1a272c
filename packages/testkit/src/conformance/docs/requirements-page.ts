import { conditions } from "../check/conditions.js";
import { allChecks } from "../checks/index.js";
import { areas, requirements, type Area, type Requirement } from "../requirements/index.js";
import { anchorOf } from "./anchors.js";
import { checkLink, plain } from "./markdown.js";

/** The page "every requirement" of the docs, as Markdown. */
export function requirementsPage(): string {
  return [
    "# Every requirement",
    "",
    "What the contract between gestaltd and runtime providers demands, in words of our own, with the checks of",
    "[the conformance suite](conformance.md) that decide it. `MUST` is what the host relies on, `SHOULD` what operators",
    "expect, `HOST` what the host does by itself and a provider has to live with. A check of a weaker part of a `MUST` only warns.",
    "The same as data: `@gestalt-runtime/testkit/requirements.json`.",
    "",
    "| area | requirements |",
    "| --- | --- |",
    ...areas.map((area) => `| [${area}](#${area}) | ${of(area).map(linkHere).join(" ")} |`),
    "",
    ...areas.flatMap((area) => [`## ${area}`, "", ...of(area).flatMap(entry)]),
  ].join("\n");
}

function of(area: Area): Requirement[] {
  return requirements.filter((one) => one.area === area);
}

function linkHere({ id }: Requirement): string {
  return `[${id}](#${anchorOf(id)})`;
}

function entry({ id, level, text, when = [], noCheck }: Requirement): string[] {
  const checks = allChecks.filter((check) => check.requirements.includes(id));
  const applies = when.map((name) => conditions[name].applies);
  return [
    `### ${id}`,
    "",
    `**${level}**${applies.length === 0 ? "" : `, for ${plain(applies.join("; "))}`}. ${plain(text)}`,
    "",
    ...(checks.length > 0
      ? checks.map((check) => `- ${checkLink(check.id)}: ${plain(check.title)}`)
      : [noCheck === undefined ? "No check asks for it yet." : `No check can decide it: ${plain(noCheck)}`]),
    "",
  ];
}
