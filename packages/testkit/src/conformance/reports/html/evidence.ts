import type { CheckReport } from "../report.js";
import { markup, type Markup } from "./markup.js";
import { plural } from "./names.js";
import { sequencePicture } from "./picture.js";

/** What happened during a check: its calls as a picture, and beside it what plugins and provider wrote. */
export function evidenceOf(check: CheckReport, isOpen: boolean): Markup | undefined {
  const { calls = [], events = [], logs = {}, stderr = [] } = check;
  const written = Object.entries(logs).filter(([, lines]) => lines.length > 0);
  const lines = written.reduce((sum, [, { length }]) => sum + length, 0);
  if (calls.length + events.length + lines + stderr.length === 0) return undefined;
  const parts = [
    ...(calls.length === 0 ? [] : [plural(calls.length, "call")]),
    ...(lines === 0 ? [] : [plural(lines, "log line")]),
    ...(stderr.length === 0 ? [] : [`${plural(stderr.length, "line")} of stderr`]),
  ];
  const picture = sequencePicture(check);
  const output = [
    ...written.map(([session, text]) => lineBox(`Log of ${session}`, text.map(logLine))),
    ...(stderr.length === 0
      ? []
      : [lineBox("The provider’s stderr", [markup`<span class="stderr">${stderr.join("\n")}</span>`])]),
  ];
  return markup`<details class="evidence" ${isOpen ? markup`open` : undefined}>
    <summary>
      What happened: ${parts.length === 0 ? plural(events.length, "event") : parts.join(", ")}
    </summary>
    <div class="beside${output.length === 0 || picture === undefined ? " one" : ""}">
      ${picture === undefined ? undefined : markup`<div>${picture}</div>`}
      ${output.length === 0 ? undefined : markup`<div class="output">${output}</div>`}
    </div>
  </details>`;
}

function lineBox(title: string, lines: readonly Markup[]): Markup {
  return markup`<p class="label">${title}</p>
    <pre tabindex="0" role="group" aria-label="${title}">${lines}</pre> `;
}

/** The log's lines are `stream message`. */
function logLine(line: string): Markup {
  const space = line.indexOf(" ");
  const [stream, message] = space === -1 ? ["", line] : [line.slice(0, space), line.slice(space + 1)];
  const name = stream === "stdout" || stream === "stderr" ? stream : "runtime";
  return markup`<span class="${name}"><b>${stream.padEnd(8)}</b>${message}</span>${"\n"}`;
}
