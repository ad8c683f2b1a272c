import type { CallReport } from "../report.js";
import { layOut, type Lane, type Step } from "./lanes.js";
import { markup, Markup, type Content } from "./markup.js";
import { duration, plural } from "./names.js";
import type { CheckReport } from "../report.js";

/** Characters of a request or an answer that a page holds: the JSON report has all of them. */
const maxValueLength = 6_000;
const rowHeight = 48;

/** The calls of a check as a sequence: a row for each, which opens to its request and its answer. */
export function sequencePicture(check: Pick<CheckReport, "calls" | "events">): Markup | undefined {
  const { lanes, steps } = layOut(check);
  if (steps.length === 0) return undefined;
  return markup`<div class="sequence">
    <div class="lanes" aria-hidden="true">
      <span class="at"></span>
      <svg width="100%" height="22">
        ${lanes.map(({ label }, index) => laneLabel(label, index, lanes.length))}
      </svg>
    </div>
    <ol tabindex="0" aria-label="Calls in the order in which they began">
      ${steps.map((step) => (step.kind === "call" ? callRow(step, lanes) : eventRow(step, lanes)))}
    </ol>
  </div> `;
}

function callRow(step: Extract<Step, { kind: "call" }>, lanes: readonly Lane[]): Markup {
  const { call, from, to, meanwhile } = step;
  const name = shortMethod(call.method);
  const repeated = call.times > 1 ? ` ×${call.times}` : "";
  const answer = answerOf(call);
  const isGood = call.code === "OK";
  const lines = [
    arrow({ from, to, lanes: lanes.length, y: 19, label: `${name}${repeated}`, tone: "asks" }),
    call.code === undefined
      ? open({ to, lanes: lanes.length, from, label: answer })
      : arrow({
          from: to,
          to: from,
          lanes: lanes.length,
          y: 39,
          label: `${isGood ? "" : "✕ "}${answer}`,
          tone: isGood ? "answers" : "answers bad",
        }),
  ];
  const said =
    `${lanes[from]?.label ?? ""} to ${lanes[to]?.label ?? ""}: ${name}, ${answer}` +
    (call.times > 1 ? `, ${call.times} times in a row` : "");
  return markup`<li>
    <details class="call">
      <summary>
        <span class="at" aria-hidden="true">${sinceBegin(step.atMs)}</span>${row(lanes.length, lines)}
        <span class="unseen">${said}</span>
      </summary>
      <div class="exchange">
        <p>
          <code>${call.method}</code
          >${call.message === undefined ? undefined : markup` <span class="bad-text">${call.message}</span>`}
          ${meanwhile === 0 ? undefined : markup`<span class="quiet-text">${plural(meanwhile, "other call")} began before its answer came.</span>`}
        </p>
        ${value("Request", call.request)}${call.response === undefined ? undefined : value("Answer", call.response)}
      </div>
    </details>
  </li> `;
}

function eventRow(step: Extract<Step, { kind: "event" }>, lanes: readonly Lane[]): Markup {
  const { event, from, to } = step;
  const isBad = event.type === "log-refused" || event.type === "warning";
  const label = event.times > 1 ? `${event.text} ×${event.times}` : event.text;
  const drawn =
    from === to
      ? note(from, lanes.length, label, isBad)
      : arrow({ from, to, lanes: lanes.length, y: 26, label, tone: "happens" });
  return markup`<li class="event">
    <span class="at" aria-hidden="true">${sinceBegin(step.atMs)}</span>${row(lanes.length, [drawn])}
    <span class="unseen">${lanes[from]?.label ?? ""}: ${event.text}</span>
  </li> `;
}

function row(lanes: number, drawn: Content): Markup {
  const lifelines = Array.from(
    { length: lanes },
    (_, index) =>
      markup`<line class="lifeline" x1="${at(index, lanes)}" x2="${at(index, lanes)}" y1="0" y2="100%" />`,
  );
  return markup`<svg width="100%" height="${rowHeight}" aria-hidden="true">${lifelines}${drawn}</svg>`;
}

interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly lanes: number;
  readonly y: number;
  readonly label: string;
  readonly tone: string;
}

function arrow({ from, to, lanes, y, label, tone }: Arrow): Markup {
  const head = to > from ? "M0 0l-8 -4v8z" : "M0 0l8 -4v8z";
  return markup`<g class="arrow ${tone}">
    <line x1="${at(from, lanes)}" x2="${at(to, lanes)}" y1="${y}" y2="${y}" />
    <svg class="head" x="${at(to, lanes)}" y="${y}"><path d="${head}" /></svg>
    ${words((from + to) / 2, lanes, y - 5, label)}
  </g>`;
}

/** A call that nobody answered. */
function open({ to, lanes, from, label }: Omit<Arrow, "y" | "tone">): Markup {
  return markup`<g class="arrow bad">
    <circle cx="${at(to, lanes)}" cy="34" r="4" />
    ${words((from + to) / 2, lanes, 37, label)}
  </g>`;
}

function note(lane: number, lanes: number, label: string, isBad: boolean): Markup {
  return markup`<g class="note${isBad ? " bad" : ""}">
    <circle cx="${at(lane, lanes)}" cy="24" r="4" />
    ${words(lane, lanes, 14, label)}
  </g>`;
}

function words(lane: number, lanes: number, y: number, label: string): Markup {
  return markup`<text x="${at(lane, lanes)}" y="${y}" text-anchor="middle">${shortened(label, 44)}</text>`;
}

function laneLabel(label: string, index: number, lanes: number): Markup {
  return markup`<text x="${at(index, lanes)}" y="15" text-anchor="middle">${shortened(label, 24)}</text>`;
}

/** The middle of a lane. */
function at(index: number, lanes: number): string {
  return `${(((index + 0.5) / lanes) * 100).toFixed(2)}%`;
}

function answerOf({ code, durationMs }: CallReport): string {
  if (code === undefined) return "no answer";
  return durationMs === undefined ? code : `${code} · ${duration(durationMs)}`;
}

function sinceBegin(ms: number): string {
  return ms < 10_000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function shortMethod(method: string): string {
  return method.slice(method.lastIndexOf("/") + 1);
}

function shortened(text: string, length: number): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}

function value(title: string, content: unknown): Markup {
  const text = JSON.stringify(content, undefined, 2);
  const more = text.length - maxValueLength;
  return markup`<div>
    <p class="label">${title}</p>
    <pre tabindex="0" role="group" aria-label="${title}">
${text.slice(0, maxValueLength)}${more > 0 ? `\n… ${more.toLocaleString("en")} characters more: the JSON report has them` : ""}</pre>
  </div>`;
}
