import type { HostCall, HostEventRecord } from "@gestalt-runtime/testkit";

const colours = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

export function heading(text: string): void {
  console.log(`\n${paint(1, text)}`);
}

export function line(text: string): void {
  console.log(`  ${text}`);
}

export function good(text: string): void {
  console.log(`  ${paint(32, "ok")} ${text}`);
}

export function bad(text: string): void {
  console.log(`  ${paint(31, "FAILED")} ${text}`);
}

const hidden = new Set(["staticCatalog", "invocationToken", "context", "invocationId", "description"]);
let directory = "\0";

/** Paths below it are shown as `<tmp>`. */
export function hideDirectory(path: string): void {
  directory = path;
}

let polls = 0;

/** One call of the host: what was asked, what came back, how long. Polls that say "pending" are counted, not shown. */
export function showCall(call: HostCall): void {
  const { outcome } = call;
  if (outcome === undefined) return;
  const answer = "response" in outcome ? short(outcome.response) : outcome.message;
  if (call.method.endsWith("/GetSession") && answer.includes('state: "pending"')) {
    polls += 1;
    return;
  }
  if (polls > 0) line(paint(2, `(GetSession ${polls} times: still pending)`));
  polls = 0;
  const deadline = call.deadlineMs === undefined ? "" : `, at most ${Math.ceil(call.deadlineMs / 1_000)} s`;
  const took = paint(2, `${(call.durationMs ?? 0).toFixed(1)} ms${deadline}`);
  line(`${paint(36, call.method.replace(/^.*\//, "").padEnd(19))} ${short(call.request)}`);
  line(
    `${"".padEnd(17)}${outcome.code === "OK" ? paint(32, "->") : paint(31, outcome.code)} ${answer}  ${took}`,
  );
}

/** What happens beside the calls, where a person wants to know. */
export function showEvent(event: HostEventRecord): void {
  if (event.type === "spawned")
    line(`${paint(36, "spawn".padEnd(19))} process ${event.pid}: ${event.command.join(" ")}`);
  if (event.type === "signal") line(`${paint(36, "signal".padEnd(19))} ${event.signal}`);
  if (event.type === "exited")
    line(`${paint(36, "exit".padEnd(19))} ${event.signal ?? `code ${String(event.code)}`}`);
}

const maxLength = 100;

/** One line of JSON that fits a terminal: ids shortened, the temporary directory and the catalog left out. */
function short(value: unknown): string {
  const text = JSON.stringify(value, (key, item: unknown) => (hidden.has(key) ? "..." : item))
    .replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "$1...")
    .replaceAll(directory, "<tmp>")
    .replaceAll(/"(\w+)":/g, "$1: ")
    .replaceAll(",", ", ");
  return text.length > maxLength ? `${text.slice(0, maxLength - 3)}...` : text;
}
