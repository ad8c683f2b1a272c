import { createHash } from "node:crypto";
import type { ConformanceReport } from "../report.js";
import { describeProfile, headline, protocolRange } from "../words.js";
import { checksSection } from "./checks.js";
import { markup, Markup, type Content } from "./markup.js";
import { plural } from "./names.js";
import { overview, requirementsSection } from "./requirements.js";
import { script } from "./script.js";
import { style } from "./style.js";

/** One page for people that needs nothing else: no network, and no script where there is none. */
export function formatHtml(report: ConformanceReport): string {
  const name = nameOf(report);
  // The policy's digests are of the two elements' whole texts: no white space may be added there.
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src '${digest(style)}'; script-src '${digest(script)}'; base-uri 'none'; form-action 'none'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${verdictWord(report)}: ${name}</title>
        <style>${new Markup(style)}</style>
      </head>
      <body>
        <a class="skip" href="#checks">Skip to the checks</a>
        ${headerOf(report, name)}
        <main>${runPart(report)} ${checksSection(report)} ${requirementsSection(report)}</main>
        ${footerOf(report)}
        <script>${new Markup(script)}</script>
      </body>
    </html> `;
  return page.text;
}

/** As the page's policy names what it lets run: nothing that came from a provider is among it. */
function digest(text: string): Markup {
  return new Markup(`sha256-${createHash("sha256").update(text).digest("base64")}`);
}

function nameOf({ subject }: ConformanceReport): string {
  return [subject.displayName || subject.name || subject.named, subject.version].filter(Boolean).join(" ");
}

function verdictWord({ verdict, run }: ConformanceReport): string {
  if (verdict === "conformant") return run.partial ? "What was checked conforms" : "Conformant";
  const words = {
    "not-conformant": "Not conformant",
    "not-started": "Nothing was checked",
    "nothing-checked": "Nothing was checked",
    interrupted: "Interrupted",
  };
  return words[verdict];
}

function headerOf(report: ConformanceReport, name: string): Markup {
  const { conformant, text } = headline(report);
  const details = text.slice(text.indexOf(": ") + 2);
  return markup`<header class="top">
    <p class="eyebrow">Gestalt runtime provider · conformance</p>
    <h1>${name}</h1>
    <p class="verdict ${conformant ? "good" : "bad"}">
      <span class="sign" aria-hidden="true">${conformant ? "✓" : "✕"}</span>
      <span><strong>${verdictWord(report)}</strong> ${details}</span>
    </p>
    <nav aria-label="This page">
      <a href="#run">The run</a> <a href="#checks">Checks</a> <a href="#requirements">Requirements</a>
    </nav>
  </header>`;
}

function runPart(report: ConformanceReport): Markup {
  const { subject, suite, run, profile, notices, staleBaseline, diagnosis } = report;
  const { outlives, remote } = profile.declares;
  const profileText = describeProfile(report);
  return markup`<section aria-labelledby="run">
    <h2 id="run" tabindex="-1">The run</h2>
    ${
      diagnosis === undefined
        ? undefined
        : markup`<div class="card bad">
            <p>
              <strong
                >${report.verdict === "not-started" ? "The provider did not start" : "At a first look"}</strong
              >
            </p>
            <pre class="reason" tabindex="0">${diagnosis}</pre>
          </div>`
    }
    ${run.partial ? markup`<p class="card mild">Only a part of the suite was run: nothing is claimed for the whole.</p>` : undefined}
    ${notices.map((notice) => markup`<p class="card mild">${notice}</p>`)}
    ${staleBaseline.length === 0 ? undefined : markup`<p class="card mild">Known failures that pass by now, to be taken out of the baseline: ${staleBaseline.join(", ")}</p>`}
    <div class="columns">
      <dl class="facts">
        ${fact("Provider", markup`<code>${subject.named}</code>`)}
        ${fact("Protocol", `${protocolRange(report)}; checked as ${suite.protocolVersion}`)}
        ${fact("Profile", profileText.slice(profileText.indexOf(": ") + 2))}
        ${fact("Declared", [outlives ? "sessions outlive it" : "sessions end with it", remote ? "plugins elsewhere" : "plugins on this machine"].join(", "))}
        ${fact("Run", [run.mode === "attach" ? "attached" : "started by the suite", ...(run.repeat > 1 ? [`${run.repeat} rounds`] : []), ...(run.strict ? ["strict"] : [])].join(", "))}
        ${fact("Begun", markup`<time datetime="${run.startedAt}">${run.startedAt.replace("T", " ").replace(/\.\d+Z$/, " UTC")}</time>`)}
      </dl>
      <div>
        <h3>Requirements at a glance</h3>
        ${overview(report)}
        <p class="quiet-text">${countsOf(report)}</p>
      </div>
    </div>
  </section>`;
}

function countsOf({ requirements }: ConformanceReport): string {
  const of = (verdict: string): number => requirements.filter((one) => one.verdict === verdict).length;
  return [
    `${of("met")} of ${plural(requirements.length, "requirement")} met`,
    `${of("broken")} broken`,
    `${of("warned")} met but for a recommendation`,
    `${of("unknown") + of("not-run")} undecided`,
    `${of("not-claimed")} not claimed`,
    `${of("no-check")} without a check`,
  ].join(", ");
}

function footerOf({ suite }: ConformanceReport): Markup {
  return markup`<footer>
    <p>
      ${suite.name} ${suite.version}, protocol ${suite.protocolVersion}. Calls are those of the host; ids,
      folders and secrets have been replaced.
    </p>
  </footer>`;
}

function fact(name: string, content: Content): Markup {
  return markup`<div>
    <dt>${name}</dt>
    <dd>${content}</dd>
  </div>`;
}
