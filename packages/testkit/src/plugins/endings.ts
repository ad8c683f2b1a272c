import type { EventEmitter } from "node:events";
import { Refusal } from "./params.js";

/** Between the end of a call and what is to follow it: its last frame has to get out of this process. */
const afterCallMs = 25;

/** How the plugin ends, or doesn't, each in one place. */
export interface EndSwitch {
  /** While true, SIGTERM does nothing. */
  ignoreSigterm: boolean;
  /** Ends with this exit code, after its socket was removed. */
  exit(code: number): void;
  /** @throws Refusal when it can't be done here */
  crash(how: string): void;
  stopSelf(): void;
}

export function createEndSwitch(): EndSwitch {
  const end: EndSwitch = {
    ignoreSigterm: false,
    exit: (code) => process.exit(code),
    crash(how) {
      if (how === "uncaught") throwUncaught();
      // The kernel drops signals from within to the first process of a PID namespace; abort() faults at last.
      else if (how === "SIGABRT") process.abort();
      else if (how === "SIGSEGV" || how === "SIGKILL") signalSelf(how);
      else
        throw new Refusal(400, `crash: "${how}" is not known; there are SIGSEGV, SIGABRT, SIGKILL, uncaught`);
    },
    stopSelf: () => signalSelf("SIGSTOP"),
  };
  return end;
}

/** Does it when the answer of this call is out. */
export function afterAnswer(call: EventEmitter, action: () => void): void {
  // grpc-js says so at the end of every call, not just of those that were cancelled.
  call.once("cancelled", () => setImmediate(() => setTimeout(action, afterCallMs)));
}

/** @throws Refusal where the kernel would ignore the signal */
export function assertSignalsReachSelf(signal: string): void {
  if (process.pid === 1)
    throw new Refusal(
      409,
      `${signal} from within does not reach the first process of a PID namespace; send it from outside`,
    );
}

function signalSelf(signal: NodeJS.Signals): void {
  assertSignalsReachSelf(signal);
  process.kill(process.pid, signal);
}

function throwUncaught(): void {
  setImmediate(() => {
    throw new Error("the fixture plugin was asked to crash");
  });
}
