import type { Json } from "./guest.js";
import { RuntimeSession, type SessionOrigin } from "./session.js";
import type { Surroundings } from "./surroundings.js";

/** Ended sessions that are remembered until the host stops them; past that the oldest are forgotten. */
const maxEndedSessions = 1_000;

/** The sessions of this instance. */
export class SessionTable<H extends Json> {
  readonly #sessions = new Map<string, RuntimeSession<H>>();

  get all(): RuntimeSession<H>[] {
    return [...this.#sessions.values()];
  }

  get(sessionId: string): RuntimeSession<H> | undefined {
    return this.#sessions.get(sessionId);
  }

  add(origin: SessionOrigin, around: Surroundings<H>): RuntimeSession<H> {
    const session = new RuntimeSession<H>(origin, around, ({ id }) => this.#sessions.delete(id));
    this.#sessions.set(session.id, session);
    return session;
  }

  /** Counts the sessions whose guest may live; of the others, forgets the oldest past a bound (SESS-12). */
  countLive(): number {
    const all = this.all;
    const ended = all.filter((session) => session.isOver);
    for (const session of ended.slice(0, Math.max(0, ended.length - maxEndedSessions))) void session.stop();
    // What a dead instance left, and nobody has asked for, is no reason to refuse a new session.
    return all.filter((session) => !session.isOver && !session.isUnclaimedLeftover).length;
  }
}
