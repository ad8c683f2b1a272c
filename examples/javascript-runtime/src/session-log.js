import { setTimeout as delay } from "node:timers/promises";

const maxLineBytes = 16 << 10;
const maxQueueBytes = 1 << 20;
const maxBatchBytes = 256 << 10;
/** What a record costs besides its text. */
const recordBytes = 64;
// How long a session that no call names waits for being known, and then how long the host may not know it.
const holdMs = 2_000;
const patienceMs = 5_000;
const flushMs = 500;
const firstRetryMs = 50;
const longestRetryMs = 1_000;
const newline = 0x0a;

/** One session's records on their way to the log host: in order, bounded, and nobody waits for them (LOGS). */
export class SessionLog {
  #host;
  #sessionId;
  #queue = [];
  #bytes = 0;
  #dropped = 0;
  #sequence = 0;
  #ended = false;
  #lost = false;
  #parts = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  #release;
  #released = new Promise((resolve) => (this.#release = resolve));
  #wake = () => undefined;
  /** Called when all has been taken. */
  #waiting = new Set();
  #isIdle = true;

  constructor(sessionId, host) {
    this.#sessionId = sessionId;
    this.#host = host;
    if (host.isThere) void this.#send();
  }

  /** Records may go out: the host registers a session only some time after StartSession (LOGS-2). */
  release() {
    this.#release();
  }

  /** Takes a plugin's output, and pushes it line by line; lines that are too long come in parts. */
  write(stream, chunk) {
    let rest = Buffer.concat([this.#parts[stream], chunk]);
    for (;;) {
      const end = rest.indexOf(newline);
      if (end === -1 && rest.length <= maxLineBytes) break;
      const isWhole = end !== -1 && end <= maxLineBytes;
      const length = isWhole ? end : wholeCharacters(rest, maxLineBytes);
      this.#pushLine(stream, rest.subarray(0, length));
      rest = rest.subarray(isWhole ? length + 1 : length);
    }
    // A copy: the rest of a chunk would keep all of it.
    this.#parts[stream] = Buffer.from(rest);
  }

  /** What stands behind the last newline is a line as well. */
  finish() {
    for (const [stream, rest] of Object.entries(this.#parts)) {
      if (rest.length > 0) this.#pushLine(stream, rest);
      this.#parts[stream] = Buffer.alloc(0);
    }
  }

  #pushLine(stream, line) {
    this.push(stream.toUpperCase(), line.toString().replace(/\r$/, ""));
  }

  /** @param {"STDOUT" | "STDERR" | "RUNTIME"} stream @param {string} message */
  push(stream, message) {
    if (!this.#host.isThere) {
      this.#host.write(`${this.#sessionId} ${stream.toLowerCase()}: ${message}`);
      return;
    }
    if (this.#lost) return;
    // The host drops empty messages.
    this.#queue.push({ stream, message: message === "" ? "\n" : message, observedAt: timestamp() });
    this.#bytes += sizeOf(message);
    let excess = 0;
    for (; this.#bytes > maxQueueBytes; excess++) this.#bytes -= sizeOf(this.#queue[excess].message);
    if (excess > 0) this.#queue.splice(0, excess);
    this.#dropped += excess;
    this.#isIdle = false;
    this.#wake();
  }

  /** Waits until all that was pushed has been taken, for a moment at most (LOGS-3, LOGS-6). */
  async flush() {
    if (this.#isIdle) return;
    let done;
    const idle = new Promise((resolve) => this.#waiting.add((done = resolve)));
    const timer = setTimeout(done, flushMs);
    await idle;
    clearTimeout(timer);
    this.#waiting.delete(done);
  }

  /** Lets what is left go out, and then no more. */
  end() {
    this.finish();
    this.#ended = true;
    this.#release();
    this.#wake();
  }

  async #send() {
    await Promise.race([this.#released, delay(holdMs, undefined, { ref: false })]);
    while (!this.#lost) {
      const batch = this.#next();
      if (batch.length > 0) {
        await this.#deliver(batch);
        continue;
      }
      this.#idle();
      if (this.#ended) return;
      await new Promise((resolve) => (this.#wake = resolve));
    }
    this.#idle();
  }

  #idle() {
    this.#isIdle = true;
    for (const done of this.#waiting) done();
  }

  /** What goes into one call; it says first what had to be dropped (LOGS-4). */
  #next() {
    const batch = [];
    if (this.#dropped > 0 && this.#queue.length > 0) {
      const message = `${this.#dropped} lines were dropped here: the log host took them too slowly`;
      batch.push({ stream: "RUNTIME", message, observedAt: timestamp() });
      this.#dropped = 0;
    }
    let count = 0;
    for (let size = 0; count < this.#queue.length && size < maxBatchBytes; count++)
      size += sizeOf(this.#queue[count].message);
    const taken = this.#queue.splice(0, count);
    for (const { message } of taken) this.#bytes -= sizeOf(message);
    return [...batch, ...taken].map(({ stream, ...record }) => ({
      ...record,
      stream: `PLUGIN_RUNTIME_LOG_STREAM_${stream}`,
      sourceSeq: ++this.#sequence,
    }));
  }

  async #deliver(batch) {
    let unknownSinceMs;
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(2 * retryMs, longestRetryMs)) {
      const outcome = await this.#host.append(this.#sessionId, batch);
      if (outcome === "taken") return;
      if (outcome === "refused") {
        this.#dropped += batch.length;
        return;
      }
      if (outcome === "unreachable") {
        unknownSinceMs = undefined;
        // The host closes its log host before it ends this provider (LOGS-6).
        if (this.#ended) return this.#lose();
      } else {
        unknownSinceMs ??= Date.now();
        if (Date.now() - unknownSinceMs > patienceMs) return this.#lose();
      }
      await delay(retryMs, undefined, { ref: false });
    }
  }

  #lose() {
    this.#lost = true;
    this.#queue = [];
    this.#bytes = 0;
  }
}

/** How many of the first bytes are whole characters: the second to fourth byte of one begins with the bits 10. */
function wholeCharacters(bytes, most) {
  let length = most;
  while (length > most - 4 && (bytes[length] & 0xc0) === 0x80) length--;
  return (bytes[length] & 0xc0) === 0x80 ? most : length;
}

/** A character is at most three bytes, and nearly always one. */
const sizeOf = (message) => Math.max(1, message.length) + recordBytes;

export function timestamp(nowMs = Date.now()) {
  return { seconds: Math.floor(nowMs / 1_000), nanos: (nowMs % 1_000) * 1_000_000 };
}
