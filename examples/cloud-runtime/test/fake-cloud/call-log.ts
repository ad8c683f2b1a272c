import { callKinds, type CallKind, type CloudCall } from "./settings.js";

const maxCalls = 20_000;

/** Counts and keeps the calls that came. */
export class CallLog {
  readonly calls: CloudCall[] = [];
  readonly counts = zeros();
  readonly atOnce = zeros();
  readonly #open = zeros();

  begin(kind: CallKind, url: string, sandbox: string): CloudCall {
    const call: CloudCall = { kind, url, sandbox, atMs: Date.now(), status: 0 };
    if (this.calls.length >= maxCalls) this.calls.shift();
    this.calls.push(call);
    this.counts[kind] += 1;
    this.#open[kind] += 1;
    this.atOnce[kind] = Math.max(this.atOnce[kind], this.#open[kind]);
    return call;
  }

  end(call: CloudCall, status: number): void {
    call.status = status;
    this.#open[call.kind] -= 1;
  }
}

function zeros(): Record<CallKind, number> {
  return Object.fromEntries(callKinds.map((kind) => [kind, 0])) as Record<CallKind, number>;
}
