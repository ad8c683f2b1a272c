import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { SessionLog } from "../logs/index.js";
import { redactError } from "../operations/redact-errors.js";
import type { Redaction } from "./redaction.js";

/** How long the last lines of a session may take to reach the host before a call is answered (LOGS-3, LOGS-6). */
export const flushTimeoutMs = 500;

/** What the runtime itself says of a session: in its log, its state and in errors, never with a secret in it. */
export class SessionVoice {
  #progress = "";

  constructor(
    readonly log: SessionLog,
    readonly secrets: Redaction,
  ) {}

  /** What was said last. */
  get progress(): string {
    return this.#progress;
  }

  say(text: string): void {
    this.#progress = this.secrets.redact(text);
    this.log.runtime(this.#progress);
  }

  /** The error as it may leave. */
  error(thrown: unknown, what: string): RuntimeProviderError {
    const given = RuntimeProviderError.from(thrown, what);
    return redactError(given, (text) => this.secrets.redact(text)) as RuntimeProviderError;
  }

  /** PLUG-6: what went wrong stands in the program's last words. */
  withLastLines(cause: RuntimeProviderError): RuntimeProviderError {
    const lines = this.log.tail("stderr", 20);
    if (lines.length === 0) return cause;
    const text = `${cause.message}; the last lines of its stderr:\n${lines.join("\n")}`;
    return new RuntimeProviderError(cause.code, text, { cause });
  }
}
