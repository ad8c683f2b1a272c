import type { Verdict } from "../../runner/result.js";
import type { CheckReport, ConformanceReport } from "../report.js";
import { checkCard, checkLine } from "./check-cards.js";
import { markup, type Markup } from "./markup.js";
import { plural, verdictLooks } from "./names.js";

/** What has to be looked at first. */
const order: readonly Verdict[] = ["failed", "error", "warned", "blocked", "skipped", "passed"];

/** All checks that ran, by verdict, with a bar that filters them. */
export function checksSection({ checks }: ConformanceReport): Markup {
  const groups = order
    .map((verdict) => ({ verdict, of: checks.filter((check) => check.verdict === verdict) }))
    .filter(({ of }) => of.length > 0);
  return markup`<section aria-labelledby="checks" class="checks">
    <h2 id="checks" tabindex="-1">Checks</h2>
    ${checks.length === 0 ? markup`<p>No check ran.</p>` : filterBar(groups)}
    ${groups.map(({ verdict, of }, index) => group(verdict, of, index === 0))}
  </section> `;
}

interface Group {
  readonly verdict: Verdict;
  readonly of: readonly CheckReport[];
}

/** Hidden until the page's script runs: without it everything is shown. */
function filterBar(groups: readonly Group[]): Markup {
  return markup`<form class="filter" hidden role="search" aria-label="Checks">
    <fieldset>
      <legend>Show</legend>
      ${groups.map(
        ({ verdict, of }) =>
          markup`<label class="chip ${verdictLooks[verdict].tone}"
            ><input type="checkbox" name="verdict" value="${verdict}" checked />
            <span aria-hidden="true">${verdictLooks[verdict].sign}</span> ${verdictLooks[verdict].word}
            <span class="count">${of.length}</span></label
          >`,
      )}
    </fieldset>
    <label class="search"
      >Find <input type="search" name="text" placeholder="id, requirement or words"
    /></label>
    <button type="button" data-open>Open all details</button>
    <p class="quiet-text">
      <span role="status"></span> In the list, <kbd>j</kbd> and <kbd>k</kbd> lead to the next and the previous
      check.
    </p>
  </form> `;
}

function group(verdict: Verdict, checks: readonly CheckReport[], isFirst: boolean): Markup {
  const { word, sign, tone } = verdictLooks[verdict];
  const heading = markup`<h3>
    <span class="sign ${tone}" aria-hidden="true">${sign}</span> ${word[0]?.toUpperCase()}${word.slice(1)}
    <span class="count">${checks.length}</span>
  </h3>`;
  if (verdict === "skipped")
    return markup`<div class="group">
      ${heading}${byReason(checks).map(
        ([reason, ones]) =>
          markup`<div class="reasoned">
            <p class="reason">${reason} <span class="quiet-text">(${plural(ones.length, "check")})</span></p>
            <ul class="lines">
              ${ones.map(checkLine)}
            </ul>
          </div>`,
      )}
    </div> `;
  if (verdict === "passed")
    return markup`<div class="group">
      ${heading}
      <ul class="lines">
        ${checks.map(checkLine)}
      </ul>
    </div> `;
  return markup`<div class="group">
    ${heading}${checks.map((check, index) => checkCard(check, isFirst && index === 0))}
  </div> `;
}

function byReason(checks: readonly CheckReport[]): [string, CheckReport[]][] {
  const groups = new Map<string, CheckReport[]>();
  for (const check of checks) {
    const reason = check.reason ?? "";
    groups.set(reason, [...(groups.get(reason) ?? []), check]);
  }
  return [...groups];
}
