/** The page's looks. Colours by the reader's scheme; each pair of text and ground has a contrast of 4.5 or more. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #faf9f6; --sheet: #ffffff; --text: #1c2125; --quiet: #596168; --line: #dfdcd5; --link: #1a5a9e;
  --focus: #1a5a9e; --code: #f3f1ec;
  --good: #1b6a3a; --good-ground: #e5f3e9; --bad: #ac2018; --bad-ground: #fbe9e6; --mild: #835400;
  --mild-ground: #fbf0d8; --held: #67479d; --held-ground: #f0eaf9; --quiet-ground: #efeeea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --sheet: #1b1f23; --text: #e5e8ea; --quiet: #a4acb3; --line: #343a40; --link: #90bdf2;
    --focus: #90bdf2; --code: #23282d;
    --good: #81d29b; --good-ground: #17301f; --bad: #ffa097; --bad-ground: #3b1f1c; --mild: #f0c46f;
    --mild-ground: #372b13; --held: #c9b0f4; --held-ground: #2c2340; --quiet-ground: #262b30;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.top, main, footer { max-width: 70rem; margin: 0 auto; padding: 0 1.25rem; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
[tabindex="-1"]:focus { outline: 2px solid var(--focus); outline-offset: 3px; }
code, pre, .id, kbd { font: 0.875em/1.5 ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code, .command, .id { overflow-wrap: anywhere; }
kbd { border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 0.35em; }
pre {
  margin: 0; padding: 0.6rem 0.75rem; background: var(--code); border-radius: 6px; overflow: auto; max-height: 24rem;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100vw; top: 0.5rem; background: var(--sheet); padding: 0.5rem 1rem; z-index: 1; }
.skip:focus { left: 0.5rem; }
.quiet-text { color: var(--quiet); font-size: 0.875rem; }
.bad-text { color: var(--bad); }

.top { padding-top: 2.5rem; }
.eyebrow { margin: 0; color: var(--quiet); font-size: 0.8125rem; letter-spacing: 0.06em; text-transform: uppercase; }
h1 { margin: 0.2rem 0 1rem; font-size: clamp(1.6rem, 4vw, 2.3rem); line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 3rem 0 1rem; font-size: 1.4rem; line-height: 1.3; letter-spacing: -0.005em; }
h3 { margin: 1.75rem 0 0.6rem; font-size: 1.05rem; }
h4 { margin: 0; font-size: 1rem; font-weight: 600; }
.verdict { display: flex; gap: 0.9rem; align-items: center; margin: 0; padding: 1rem 1.25rem; border-radius: 10px; }
.verdict strong { display: block; font-size: 1.25rem; line-height: 1.3; }
.verdict > .sign { font-size: 1.5rem; line-height: 1; }
.verdict.good { background: var(--good-ground); color: var(--good); }
.verdict.bad { background: var(--bad-ground); color: var(--bad); }
nav { display: flex; gap: 1.25rem; margin-top: 1rem; }

.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem 3rem; }
.columns h3 { margin-top: 0; }
dl { margin: 0; }
dl > div { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: 0.25rem 1rem; padding: 0.35rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.facts > div { border-top: 1px solid var(--line); }
.facts > div:first-child { border-top: 0; }
.overview { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.3rem; }
.overview li { display: grid; grid-template-columns: 6rem minmax(0, 1fr); align-items: center; }
.overview .area { font-size: 0.875rem; }
.squares { display: flex; flex-wrap: wrap; gap: 0.25rem; }
.square {
  display: grid; place-items: center; width: 1.5rem; height: 1.5rem; border-radius: 5px; text-decoration: none;
  font-size: 0.8rem; line-height: 1;
}
.good.square, .badge.good, .chip.good { background: var(--good-ground); color: var(--good); }
.bad.square, .badge.bad, .chip.bad { background: var(--bad-ground); color: var(--bad); }
.mild.square, .badge.mild, .chip.mild { background: var(--mild-ground); color: var(--mild); }
.held.square, .badge.held, .chip.held { background: var(--held-ground); color: var(--held); }
.quiet.square, .badge.quiet, .chip.quiet { background: var(--quiet-ground); color: var(--quiet); }
.sign.good { color: var(--good); } .sign.bad { color: var(--bad); } .sign.mild { color: var(--mild); }
.sign.held { color: var(--held); } .sign.quiet { color: var(--quiet); }
.badge { border-radius: 99px; padding: 0.1rem 0.7rem; font-size: 0.8125rem; white-space: nowrap; align-self: start; }
.count { color: var(--quiet); font-weight: 400; font-size: 0.875rem; }
.chip .count { color: inherit; }

.filter {
  display: flex; flex-wrap: wrap; gap: 0.75rem 1.25rem; align-items: center; margin-bottom: 1rem; padding: 0.9rem 1rem;
  background: var(--sheet); border: 1px solid var(--line); border-radius: 10px;
}
fieldset { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0; padding: 0; border: 0; min-width: 0; }
legend { float: left; margin-right: 0.75rem; padding: 0; color: var(--quiet); font-size: 0.875rem; line-height: 1.9; }
.chip { border-radius: 99px; padding: 0.15rem 0.75rem; font-size: 0.875rem; cursor: pointer; }
.chip input { margin: 0 0.35rem 0 0; accent-color: currentcolor; vertical-align: -0.1em; }
.chip:has(:focus-visible) { outline: 2px solid var(--focus); outline-offset: 2px; }
.search { display: flex; gap: 0.5rem; align-items: center; flex: 1 1 16rem; color: var(--quiet); font-size: 0.875rem; }
input[type="search"], button {
  font: inherit; font-size: 0.875rem; color: var(--text); background: var(--ground); border: 1px solid var(--quiet);
  border-radius: 6px; padding: 0.3rem 0.6rem; min-width: 0;
}
input[type="search"] { flex: 1; }
input::placeholder { color: var(--quiet); opacity: 1; }
button { cursor: pointer; }
.filter p { flex-basis: 100%; margin: 0; }

.card {
  margin: 0 0 0.9rem; padding: 1rem 1.25rem; background: var(--sheet); border: 1px solid var(--line);
  border-left-width: 4px; border-radius: 8px; overflow-wrap: anywhere;
}
.card.bad { border-left-color: var(--bad); } .card.mild { border-left-color: var(--mild); }
.card.held { border-left-color: var(--held); }
.card header { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; justify-content: space-between; align-items: baseline; }
h4 a { color: inherit; text-decoration: none; } h4 a:hover { text-decoration: underline; }
.title { margin: 0.1rem 0 0.6rem; color: var(--quiet); }
.line .title { margin: 0; font-size: 0.9375rem; }
.differences { margin: 0 0 0.6rem; padding: 0; list-style: none; }
.differences li { display: grid; grid-template-columns: 4.5rem minmax(0, 1fr); padding: 0.2rem 0; }
.differences span { white-space: pre-wrap; }
.card > dl > div { padding: 0.2rem 0; }
.reason { margin: 0 0 0.6rem; }
.command { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: start; }
.command code { flex: 1 1 20rem; background: var(--code); border-radius: 6px; padding: 0.3rem 0.6rem; }
.lines { list-style: none; margin: 0; padding: 0; }
.line { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr) auto; padding: 0.45rem 0.25rem; border-top: 1px solid var(--line); }
.lines > .line:first-child { border-top: 0; }
.reasoned > .reason { margin: 0.75rem 0 0.25rem; }
summary { cursor: pointer; }
details.evidence { margin-top: 0.6rem; }
details.evidence > summary { color: var(--quiet); font-size: 0.9375rem; }
.beside { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem 1.5rem; margin-top: 0.75rem; align-items: start; }
.label { margin: 0 0 0.25rem; color: var(--quiet); font-size: 0.8125rem; }
.output pre { margin-bottom: 0.9rem; }
.output .stderr { color: var(--mild); } .output .runtime { color: var(--quiet); }
.output b { font-weight: 400; color: var(--quiet); }

.sequence { border: 1px solid var(--line); border-radius: 8px; overflow: clip; }
.sequence ol { list-style: none; margin: 0; padding: 0; max-height: 60rem; overflow-y: auto; }
.lanes, .sequence summary, .event { display: grid; grid-template-columns: 4.25rem minmax(0, 1fr); align-items: center; }
.lanes { background: var(--quiet-ground); padding: 0.2rem 0; }
.lanes text { fill: var(--text); font-size: 0.8125rem; font-weight: 600; }
.sequence summary { list-style: none; } .sequence summary::-webkit-details-marker { display: none; }
.sequence summary:hover, .call[open] > summary { background: var(--code); }
.sequence summary:focus-visible { outline-offset: -2px; }
.sequence svg { display: block; overflow: visible; }
.at { color: var(--quiet); font-size: 0.75rem; text-align: right; padding-right: 0.5rem; white-space: nowrap; }
.lifeline { stroke: var(--line); stroke-width: 1.5; }
.arrow line { stroke: var(--text); stroke-width: 1.25; }
.arrow path { fill: var(--text); }
.arrow text, .note text {
  fill: var(--text); font-size: 0.78rem; paint-order: stroke; stroke: var(--sheet); stroke-width: 4px; stroke-linejoin: round;
}
.arrow.answers line { stroke: var(--quiet); stroke-dasharray: 4 3; }
.arrow.answers path, .arrow.answers text { fill: var(--quiet); }
.arrow.happens line { stroke: var(--link); stroke-dasharray: 1 3; }
.arrow.happens path, .arrow.happens text { fill: var(--link); }
.arrow.bad line, .arrow.bad circle { stroke: var(--bad); }
.arrow.bad path, .arrow.bad text, .note.bad text { fill: var(--bad); }
.arrow.bad circle { fill: var(--sheet); stroke-width: 2; }
.note circle { fill: var(--quiet); } .note.bad circle { fill: var(--bad); }
.exchange { padding: 0.5rem 0.9rem 0.9rem; background: var(--code); display: grid; gap: 0.6rem; }
.exchange p { margin: 0; }
.exchange pre { background: var(--sheet); }

.requirements > p { color: var(--quiet); margin-top: -0.5rem; }
.area-part > ul { list-style: none; margin: 0; padding: 0; }
.area-part > ul > li {
  display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0.25rem 1.25rem; padding: 0.7rem 0.25rem;
  border-top: 1px solid var(--line);
}
.area-part li > div:nth-child(2) { grid-column: 1 / -1; }
.area-part p { margin: 0 0 0.2rem; }
.area-part li > .badge { grid-column: 2; grid-row: 1; }
.area-part details summary { color: var(--quiet); font-size: 0.875rem; }
.behind { margin: 0.25rem 0 0; padding: 0; list-style: none; }
footer { margin-top: 3rem; padding-bottom: 2.5rem; color: var(--quiet); font-size: 0.875rem; }
footer p { border-top: 1px solid var(--line); padding-top: 1rem; }

@media (min-width: 44rem) {
  .area-part > ul > li { grid-template-columns: 6.5rem minmax(0, 1fr) auto; }
  .area-part li > div:nth-child(2) { grid-column: 2; grid-row: 1; }
  .area-part li > .badge { grid-column: 3; }
}
@media (min-width: 60rem) {
  .columns { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .beside:not(.one) { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
}
@media (max-width: 30rem) {
  dl > div { grid-template-columns: minmax(0, 1fr); }
  .differences li { grid-template-columns: minmax(0, 1fr); }
}
@media (forced-colors: active) { .card, .badge, .square, .chip { border: 1px solid; } }
@media print {
  .filter, nav, .command button { display: none; }
  .sequence ol, pre { max-height: none; overflow: visible; }
  .card { break-inside: avoid-page; }
}
`;
