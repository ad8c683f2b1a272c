import { tmpdir } from "node:os";
import { status } from "@grpc/grpc-js";
import { whyNoContainment } from "./containment.js";
import { InstanceDirectory } from "./directory.js";
import { LogHost } from "./log-host.js";
import { Refusal, invalid, precondition } from "./refusal.js";

/** What all calls share: the config, the sessions, the log host, the directory. */
export class Provider {
  isEnding = false;
  /** Absent until the provider is configured. */
  config;
  /** Why no plugin can be hosted on this machine; undefined where they can, and before that was tried (SUP-1). */
  cannotHost;
  directory;
  logHost;
  sessions = new Map();
  #configuring = Promise.resolve();

  /** Takes the one config of this provider's life; a refused one leaves it as it was (LIFE-3). */
  configure(config) {
    const done = this.#configuring.then(async () => {
      if (this.config !== undefined)
        throw precondition("this provider is configured already; start another one");
      const logHost = LogHost.fromEnvironment(process.env);
      this.cannotHost = await whyNoContainment();
      this.directory = await InstanceDirectory.open(tmpdir());
      this.logHost = logHost;
      this.config = config;
    });
    this.#configuring = done.catch(() => undefined);
    return done;
  }

  assertConfigured() {
    if (this.isEnding) throw new Refusal(status.UNAVAILABLE, "this provider is ending");
    if (this.config === undefined)
      throw precondition("call ConfigureProvider first: this provider has no config yet");
  }

  /** A session that the host has named, and so knows (SESS-6). @param {string} id */
  heard(id) {
    this.assertConfigured();
    if (id === "") throw invalid("session_id is empty; send the id that StartSession gave");
    const session = this.sessions.get(id);
    if (session === undefined)
      throw new Refusal(status.NOT_FOUND, `there is no session ${JSON.stringify(id)}`);
    session.heard();
    return session;
  }

  async stop(session, graceMs) {
    await session.stop(graceMs);
    await session.log.flush();
    this.sessions.delete(session.id);
  }

  async close(graceMs) {
    await Promise.all([...this.sessions.values()].map((session) => session.stop(graceMs)));
    this.logHost?.close();
    await this.directory?.remove();
  }
}
