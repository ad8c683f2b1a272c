import { PassThrough } from "node:stream";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { Ended } from "../sessions/guest.js";
import type { GuestExec } from "./exec.js";
import { endText, runHelper } from "./helper-run.js";
import type { GuestTool } from "./relays/relay.js";

/** A listener in a guest that leads elsewhere. It ends with the exec that carries it. */
export interface GuestForward {
  /** The program that listens in the guest. */
  readonly tool: GuestTool;
  /** Settles when it no longer listens: by {@link stop}, or because something broke. */
  readonly ended: Promise<Ended>;
  /** Ends it and its connections. Resolves when it has ended, or after 5 s; never rejects. */
  stop(): Promise<void>;
}

export interface ForwardRun {
  readonly tool: GuestTool;
  readonly argv: readonly string[];
  /** How long it has until it listens. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const stopMs = 5_000;

/** Runs a relay that listens, and waits until it does. Its stdin is held open: the relay ends with it. */
export async function startForward(exec: GuestExec, run: ForwardRun): Promise<GuestForward> {
  const { tool, argv, timeoutMs, signal } = run;
  signal?.throwIfAborted();
  const stdin = new PassThrough();
  const cancel = new AbortController();
  let printed = "";
  let said = "";
  let onReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (onReady = resolve));
  const ended = Promise.resolve().then(() =>
    exec(argv, {
      stdin,
      stdout: (bytes) => {
        printed = (printed + Buffer.from(bytes).toString()).slice(0, 64);
        if (printed.startsWith("ready\n")) onReady();
      },
      stderr: (bytes) => {
        said = (said + Buffer.from(bytes).toString()).slice(-1_024);
      },
      signal: cancel.signal,
    }),
  );
  ended.catch(() => undefined);
  const stop = async (): Promise<void> => {
    stdin.end();
    const timer = setTimeout(() => cancel.abort(new Error("the forward was stopped")), stopMs);
    await Promise.race([
      ended.catch(() => undefined),
      new Promise((resolve) => cancel.signal.addEventListener("abort", resolve)),
    ]);
    clearTimeout(timer);
  };
  const what = `listen in the guest with ${tool}`;
  // The same bounds as any helper has, until it listens.
  const started = runHelper(() => Promise.race([ready.then(() => listening), ended]), {
    what,
    argv,
    timeoutMs,
    signal,
  });
  try {
    const outcome = await started;
    if (outcome.ended !== listening)
      throw new RuntimeProviderError("UNAVAILABLE", `${what}: ${endText(outcome.ended)}: ${said.trim()}`);
    return { tool, ended, stop };
  } catch (error) {
    void stop();
    throw error;
  }
}

const listening: Ended = { how: "exit", code: 0 };
