import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { describeEnd } from "./guest.js";
import { Refusal, precondition } from "./refusal.js";
import { SessionLog, timestamp } from "./session-log.js";

/** A session that no call has named for this long is stopped: the host never learned its id (SESS-13). */
const unclaimedMs = 60_000;

/** One session and the plugin in it. */
export class Session {
  state = "ready";
  reason = "";
  message = "";
  bindings = {};
  #startedAt = timestamp();
  #hasHadPlugin = false;
  /** Aborted when the session is stopped: a start under way ends by it (SESS-11). */
  #stopping = new AbortController();
  #start = Promise.resolve();
  #guest;
  #stopped;
  #removed;
  #unclaimed;

  constructor(parent, metadata, logHost, onUnclaimed) {
    this.id = `js-${randomUUID()}`;
    this.metadata = metadata;
    this.directory = join(parent, this.id.slice(3, 11));
    for (const path of ["", "home", "tmp"]) mkdirSync(join(this.directory, path), { mode: 0o700 });
    this.socketPath = join(this.directory, "plugin.sock");
    this.log = new SessionLog(this.id, logHost);
    this.#unclaimed = setTimeout(() => onUnclaimed(this), unclaimedMs);
  }

  /** The host has named the session: it knows it, and so does its log host (LOGS-2). */
  heard() {
    clearTimeout(this.#unclaimed);
    this.log.release();
  }

  describe() {
    return {
      id: this.id,
      state: this.state,
      stateReason: this.reason,
      stateMessage: this.message,
      metadata: this.metadata,
      // Sessions have no end of their own: the two times that would tell it are left out (SESS-9).
      lifecycle: { startedAt: this.#startedAt },
    };
  }

  /** Keeps a host service for the plugin; a later one under the same name replaces it (BIND-1, BIND-4). */
  bind(variable, value) {
    if (this.#hasHadPlugin)
      throw precondition(`session ${JSON.stringify(this.id)}: bind host services before StartPlugin`);
    this.bindings[variable] = value;
  }

  /**
   * Runs one launch, which gives a guest; a failed or cancelled one leaves nothing (PLUG-6, PLUG-7).
   *
   * @param {(signal: AbortSignal) => Promise<import("./guest.js").Guest>} launch
   * @param {AbortSignal} cancelled
   */
  async start(launch, cancelled) {
    if (this.#hasHadPlugin || this.#stopped !== undefined)
      throw precondition(`session ${JSON.stringify(this.id)} has had its plugin; start another session`);
    this.#hasHadPlugin = true;
    const started = launch(AbortSignal.any([cancelled, this.#stopping.signal]));
    this.#start = started.catch(() => undefined);
    try {
      this.#guest = await started;
    } catch (error) {
      const failure = this.#stopping.signal.aborted
        ? new Refusal(
            status.ABORTED,
            `session ${JSON.stringify(this.id)} was stopped while its plugin was starting`,
          )
        : error;
      this.log.finish();
      this.#turn("failed", "start_failed", failure.message);
      await this.#removeFiles();
      // The host adds the last records to the operator's error (LOGS-3).
      await this.log.flush();
      throw failure;
    }
    this.state = "running";
    void this.#noteEnd(this.#guest);
  }

  /** Notes the end of a plugin when it comes, and cleans up after it by itself (SESS-10, SESS-12). */
  async #noteEnd(guest) {
    const end = await guest.ended;
    if (this.#stopped !== undefined) this.#turn("stopped", "stopped", describeEnd(end));
    else if (end.code === 0) this.#turn("stopped", "plugin_exited", describeEnd(end));
    else this.#turn("failed", "plugin_failed", describeEnd(end));
    await guest.gone;
    this.log.finish();
    await this.#removeFiles();
  }

  /** Once: two that remove the same folder meet each other's half. */
  #removeFiles() {
    return (this.#removed ??= rm(this.directory, { recursive: true, force: true, maxRetries: 3 }).catch(
      (error) => this.log.push("RUNTIME", `${this.directory} could not be removed: ${error.message}`),
    ));
  }

  #turn(state, reason, message) {
    Object.assign(this, { state, reason, message });
    this.log.push("RUNTIME", message);
  }

  /** Ends the session once; everybody who calls it waits for that (SESS-8). @param {number} graceMs */
  stop(graceMs) {
    return (this.#stopped ??= this.#end(graceMs));
  }

  async #end(graceMs) {
    clearTimeout(this.#unclaimed);
    this.#stopping.abort();
    await this.#start;
    await this.#guest?.stop(graceMs);
    await this.#removeFiles();
    this.state = "stopped";
    this.log.end();
  }
}
