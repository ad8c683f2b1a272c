import type { ConformanceReport, RequirementReport } from "../report.js";
import { requirementDocs } from "./links.js";
import { markup, type Markup } from "./markup.js";
import { badge, checkAnchor, plural, requirementAnchor, requirementLooks, verdictLooks } from "./names.js";

/** Every requirement of the contract by area, with what the run says of it and the checks that say so. */
export function requirementsSection(report: ConformanceReport): Markup {
  return markup`<section aria-labelledby="requirements" class="requirements">
    <h2 id="requirements" tabindex="-1">Requirements</h2>
    <p>What the contract between gestaltd and runtime providers demands, and what this run says of it.</p>
    ${[...byArea(report)].map(([area, ones]) => areaPart(area, ones, report))}
  </section> `;
}

/** Each requirement as a small square, an area a line: the whole contract at a glance. */
export function overview(report: ConformanceReport): Markup {
  return markup`<ul class="overview">
    ${[...byArea(report)].map(
      ([area, ones]) =>
        markup`<li><span class="area">${area}</span><span class="squares">${ones.map(square)}</span></li>`,
    )}
  </ul> `;
}

function square({ id, verdict }: RequirementReport): Markup {
  const { tone, word, sign } = requirementLooks[verdict];
  return markup`<a
    class="square ${tone}"
    href="#${requirementAnchor(id)}"
    aria-label="${id} ${word}"
    title="${id} ${word}"
    ><span aria-hidden="true">${sign}</span></a
  >`;
}

function areaPart(area: string, ones: readonly RequirementReport[], report: ConformanceReport): Markup {
  const met = ones.filter(({ verdict }) => verdict === "met").length;
  return markup`<div class="area-part">
    <h3 id="area-${area}">${area} <span class="count">${met} of ${ones.length} met</span></h3>
    <ul>
      ${ones.map((one) => requirementItem(one, report))}
    </ul>
  </div> `;
}

function requirementItem(one: RequirementReport, { checks }: ConformanceReport): Markup {
  const { id, level, text, verdict, reason } = one;
  const ran = new Map(checks.map((check) => [check.id, check.verdict]));
  return markup`<li id="${requirementAnchor(id)}" tabindex="-1">
    <div><a class="id" href="${requirementDocs(id)}">${id}</a> <span class="quiet-text">${level}</span></div>
    <div>
      <p>${text}</p>
      ${reason === undefined ? undefined : markup`<p class="quiet-text">${reason}</p>`}
      ${
        one.checks.length === 0
          ? undefined
          : markup`<details>
              <summary>${plural(one.checks.length, "check")}</summary>
              <ul class="behind">
                ${one.checks.map((check) => checkItem(check, ran.get(check)))}
              </ul>
            </details>`
      }
    </div>
    ${badge(requirementLooks[verdict])}
  </li> `;
}

function checkItem(id: string, verdict: keyof typeof verdictLooks | undefined): Markup {
  if (verdict === undefined)
    return markup`<li><code>${id}</code> <span class="quiet-text">not run</span></li>`;
  const { sign, tone, word } = verdictLooks[verdict];
  return markup`<li>
    <span class="sign ${tone}" aria-hidden="true">${sign}</span> <a href="#${checkAnchor(id)}">${id}</a>
    <span class="quiet-text">${word}</span>
  </li>`;
}

function byArea({ requirements }: ConformanceReport): Map<string, RequirementReport[]> {
  const areas = new Map<string, RequirementReport[]>();
  for (const one of requirements) areas.set(one.area, [...(areas.get(one.area) ?? []), one]);
  return areas;
}
