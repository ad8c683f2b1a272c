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

let polls = 0;

/** One call of the host: what was asked, what came back, how long. Polls that say "pending" are counted, not shown. */
export function showCall(call: HostCall): void {
  const { outcome } = call;
  if (outcome === undefined) return;
  const answer = "response" in outcome ? short(outcome.response) : outcome.message;
  if (call.method.endsWith("/GetSession") && answer.includes('"pending"')) {
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
    line(
      `${paint(36, "exit".padEnd(19))} ${event.signal === null ? `code ${String(event.code)}` : event.signal}`,
    );
}

function short(value: unknown): string {
  const text = JSON.stringify(value, (key, item: unknown) => (key === "staticCatalog" ? "..." : item));
  return text.length > 150 ? `${text.slice(0, 147)}...` : text;
}
