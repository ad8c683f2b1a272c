import { areaOf, type Check } from "../check/check.js";
import { conditions } from "../check/conditions.js";
import { allChecks, checkAreas } from "../checks/index.js";
import { conditionsOf } from "../runner/run-check.js";
import { levelOf } from "../runner/judge.js";
import { anchorOf } from "./anchors.js";
import { plain, requirementLink } from "./markdown.js";

/** The page "when a check fails" of the docs, as Markdown. */
export function checksPage(): string {
  const filled = checkAreas.filter(({ checks }) => checks.length > 0);
  return [
    "# When a check fails",
    "",
    `All ${allChecks.length} checks of [the conformance suite](conformance.md): what holds when it passes, what providers that fail it`,
    "usually do, and what to do instead. What came in place of what was expected is in the report, with the calls that led there.",
    "A check that is _blocked_ relies on another one, which the report names: mend that one first. To repeat just one:",
    "",
    "```sh",
    "npx gestalt-runtime conformance --trace --check session/stop-session/repeated manifest.yaml",
    "```",
    "",
    "| area | checks |",
    "| --- | --- |",
    ...filled.map(({ area, checks }) => `| [${area}](#${area}) | ${checks.length} |`),
    "",
    ...filled.flatMap(({ area, checks }) => [
      `## ${area}`,
      "",
      ...checks.map(({ id, title }) => `- [${id}](#${anchorOf(id)}): ${plain(title)}`),
      "",
      ...checks.flatMap(entry),
    ]),
  ].join("\n");
}

function entry(check: Check): string[] {
  const { id, title, requirements, cause, mend } = check;
  const applies = conditionsOf(check).map((name) => conditions[name].applies);
  return [
    `### ${id}`,
    "",
    `${plain(title)} (${levelOf(check)}, ${requirements.map(requirementLink).join(", ")}${applies.length === 0 ? "" : `; for ${plain(applies.join("; "))}`}).`,
    "",
    `- **Usual cause:** ${plain(cause)}`,
    `- **Mend:** ${plain(mend)}`,
    `- **Repeat:** \`npx gestalt-runtime conformance --check ${id} manifest.yaml\``,
    "",
  ];
}

/** Anchors of a page have to be of one thing. @returns those that two checks, or a check and an area, would share */
export function sharedAnchors(): string[] {
  const anchors = [...allChecks.map(({ id }) => anchorOf(id)), ...new Set(allChecks.map(areaOf))];
  return anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index);
}
