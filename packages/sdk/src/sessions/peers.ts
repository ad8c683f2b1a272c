import type { Session } from "../provider/types.js";
import { backoffMs } from "./backoff.js";
import type { FoundGuest, GuestFacts, Json } from "./guest.js";
import { GuestRemover } from "./guest-remover.js";
import { readLabels, searchLabels, type GuestLabels } from "./labels.js";
import { afterEnd } from "./state.js";
import type { Surroundings } from "./surroundings.js";
import { pause } from "./waiting.js";

interface Peer<H extends Json> {
  readonly handle: H;
  readonly session: Session;
}

/**
 * Sessions of other living instances, as a listing of the backend's guests shows them: any of the instances may
 * be asked about any of them. They are seen, never touched, but by StopSession (PROC-9).
 */
export class Peers<H extends Json> {
  #peers = new Map<string, Peer<H>>();
  /** Stopped through this instance: not seen any more, however long their guests take to go (SESS-8). */
  readonly #stopped = new Set<string>();
  #wanted: (() => void) | undefined;

  constructor(
    private readonly around: Surroundings<H>,
    private readonly isOwn: (sessionId: string) => boolean,
  ) {}

  begin(): void {
    if (this.around.backend.find !== undefined) void this.#run().catch(() => undefined);
  }

  /** From memory; a session that is not known is looked for soon, but not now (SESS-5). */
  get(sessionId: string): Session | undefined {
    const peer = this.#peers.get(sessionId);
    if (peer === undefined) this.#wanted?.();
    return peer?.session;
  }

  list(): Session[] {
    return [...this.#peers.values()].map(({ session }) => session);
  }

  async stop(sessionId: string): Promise<void> {
    const peer = this.#peers.get(sessionId);
    if (peer === undefined) return;
    this.#peers.delete(sessionId);
    this.#stopped.add(sessionId);
    await new GuestRemover(this.around).remove(sessionId, peer.handle).asked;
  }

  async #run(): Promise<void> {
    const { clock, limits, over, logger, random } = this.around;
    for (let failures = 0; !over.aborted;) {
      try {
        this.#peers = await this.#look();
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn({ error, failures }, "looking for the sessions of other instances failed");
      }
      // After a miss the next look comes sooner, but never at the host's pace.
      await pause(clock, Math.min(1_000, limits.peersEveryMs), over);
      const rest = pause(
        clock,
        Math.max(limits.peersEveryMs, backoffMs(limits.retry, failures + 1, random)),
        over,
      );
      await Promise.race([rest, new Promise<void>((resolve) => (this.#wanted = resolve))]);
      this.#wanted = undefined;
    }
  }

  async #look(): Promise<Map<string, Peer<H>>> {
    const { backend, calls, limits, providerName, over } = this.around;
    const call = {
      what: "listing the guests of all instances",
      timeoutMs: limits.findTimeoutMs,
      signal: over,
    };
    const found = await calls.run(call, async (context) => {
      const guests: FoundGuest<H>[] = [];
      for await (const guest of backend.find?.(searchLabels(providerName), context) ?? []) guests.push(guest);
      return guests;
    });
    const peers = new Map<string, Peer<H>>();
    const listed = new Set(found.map((guest) => readLabels(guest.labels)?.session));
    for (const sessionId of this.#stopped) if (!listed.has(sessionId)) this.#stopped.delete(sessionId);
    for (const guest of found) {
      const labels = readLabels(guest.labels);
      if (labels === undefined || this.isOwn(labels.session) || this.#stopped.has(labels.session)) continue;
      if (await this.#isOrphan(labels))
        void new GuestRemover(this.around).remove(labels.session, guest.handle);
      else peers.set(labels.session, { handle: guest.handle, session: describePeer(labels, guest.facts) });
    }
    return peers;
  }

  /** A guest without a record, of an instance that is proven dead, or of this one: nobody will ever ask for it. */
  async #isOrphan({ instance, session }: GuestLabels): Promise<boolean> {
    const { store } = this.around;
    if (instance === store.instance) return !this.isOwn(session);
    return (await store.ownerOf(instance)) === "dead" && !(await store.holds(session));
  }
}

function describePeer(labels: GuestLabels, facts: GuestFacts | undefined): Session {
  const { session, metadata, startedAtMs, expiresAtMs } = labels;
  const expires = facts?.expiresAt ?? (expiresAtMs === undefined ? undefined : new Date(expiresAtMs));
  return {
    id: session,
    metadata,
    ...stateOf(facts),
    lifecycle: { startedAt: new Date(startedAtMs), ...(expires !== undefined && { expiresAt: expires }) },
  };
}

function stateOf(facts: GuestFacts | undefined): Pick<Session, "state" | "stateReason" | "stateMessage"> {
  const ended = [facts?.plugin, facts?.guest].find((fact) => typeof fact === "object");
  if (ended !== undefined) {
    const { name, reason, message } = afterEnd(ended);
    return { state: name, stateReason: reason, stateMessage: message };
  }
  if (facts?.plugin === "running") return { state: "running" };
  return { state: facts?.guest === "starting" ? "pending" : "ready" };
}
