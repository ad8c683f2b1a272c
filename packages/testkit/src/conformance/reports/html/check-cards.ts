import type { CheckReport } from "../report.js";
import { evidenceOf } from "./evidence.js";
import { checkDocs } from "./links.js";
import { markup, type Content, type Markup } from "./markup.js";
import { badge, checkAnchor, duration, plural, requirementAnchor, verdictLooks } from "./names.js";

/** A check that did not pass: what is wrong, why that happens, what to do, and all that was seen. */
export function checkCard(check: CheckReport, isOpen: boolean): Markup {
  const { id, title, verdict, known, requirements, level, differences, reason, blockedBy } = check;
  const isRed = verdict === "failed" || verdict === "warned";
  return markup`<article
    class="card ${verdictLooks[verdict].tone}"
    id="${checkAnchor(id)}"
    data-check="${verdict}"
    tabindex="-1"
  >
    <header>
      <h4><a href="#${checkAnchor(id)}">${id}</a></h4>
      ${badge(verdictLooks[verdict], known ? " (known)" : "")}
    </header>
    <p class="title">${title}</p>
    ${
      differences.length === 0
        ? undefined
        : markup`<ul class="differences">
            ${differences.map(difference)}
          </ul>`
    }
    ${reason === undefined ? undefined : markup`<pre class="reason">${reason}</pre>`}
    <dl>
      ${blockedBy === undefined ? undefined : fact("First mend", markup`<a href="#${checkAnchor(blockedBy)}">${blockedBy}</a>`)}
      ${isRed && check.cause !== undefined ? fact("Usual cause", check.cause) : undefined}
      ${isRed && check.mend !== undefined ? fact("Mend", markup`<strong>${check.mend}</strong>`) : undefined}
      ${check.unsteady === undefined ? undefined : fact("Not always", unsteadyText(check.unsteady))}
      ${check.repeat === undefined ? undefined : fact("Repeat", markup`<span class="command"><code>${check.repeat}</code></span>`)}
      ${check.leftBehind.length === 0 ? undefined : fact("Left behind", check.leftBehind.join(", "))}
      ${fact("Requirements", markup`${requirementLinks(requirements)} <span class="quiet-text">${level}, ${duration(check.durationMs)}, <a href="${checkDocs(id)}">more on this check</a></span>`)}
    </dl>
    ${evidenceOf(check, isOpen)}
  </article> `;
}

/** A check that passed or does not apply, in one line. */
export function checkLine(check: CheckReport): Markup {
  const { id, title, verdict, requirements, durationMs } = check;
  const { sign, tone, word } = verdictLooks[verdict];
  return markup`<li class="line" id="${checkAnchor(id)}" data-check="${verdict}" tabindex="-1">
    <span class="sign ${tone}" aria-hidden="true">${sign}</span>
    <div>
      <code>${id}</code> ${requirementLinks(requirements)}
      <p class="title"><span class="unseen">${word}: </span>${title}</p>
      ${evidenceOf(check, false)}
    </div>
    <span class="quiet-text">${verdict === "skipped" ? undefined : duration(durationMs)}</span>
  </li> `;
}

function difference({ requirement, text }: CheckReport["differences"][number]): Markup {
  return markup`<li>
    <a class="id" href="#${requirementAnchor(requirement)}">${requirement}</a> <span>${text}</span>
  </li>`;
}

function requirementLinks(ids: readonly string[]): Content {
  return ids.map((id) => markup`<a class="id" href="#${requirementAnchor(id)}">${id}</a> `);
}

function unsteadyText(unsteady: NonNullable<CheckReport["unsteady"]>): string {
  return Object.entries(unsteady)
    .map(([verdict, times]) => `${verdict} ${plural(times, "time")}`)
    .join(", ");
}

function fact(name: string, content: Content): Markup {
  return markup`<div>
    <dt>${name}</dt>
    <dd>${content}</dd>
  </div>`;
}
