import { resolveEndpoints, sameEndpoints } from "./egress-plan.js";
import type { EgressPlan, Json } from "./guest.js";
import { restrict } from "./plugin-starter.js";
import type { Surroundings } from "./surroundings.js";
import { isAborted, pause } from "./waiting.js";

/** Resolves the names of an egress plan again, and tells the backend when their addresses have changed. */
export class EgressRefresh<H extends Json> {
  constructor(
    private readonly around: Surroundings<H>,
    private readonly session: {
      readonly sessionId: string;
      readonly signal: AbortSignal;
      readonly handle: H;
    },
    private plan: EgressPlan,
  ) {}

  begin(): void {
    const { backend, limits } = this.around;
    const names = this.plan.endpoints.length > 0;
    if (backend.restrict !== undefined && limits.egressRefreshMs > 0 && names) void this.#run();
  }

  async #run(): Promise<void> {
    const { signal, handle, sessionId } = this.session;
    const { clock, limits, logger } = this.around;
    while (!signal.aborted) {
      try {
        await pause(clock, limits.egressRefreshMs, signal);
        const endpoints = await resolveEndpoints(this.plan.endpoints);
        // A name that can't be resolved for a while keeps the addresses that it had.
        if (
          endpoints.some(({ cidrs }) => cidrs.length === 0) ||
          sameEndpoints(endpoints, this.plan.endpoints)
        )
          continue;
        const plan = { ...this.plan, endpoints };
        await restrict(this.around, { sessionId, signal, progress: () => undefined }, handle, plan);
        this.plan = plan;
      } catch (error) {
        if (!isAborted(signal))
          logger.warn(
            { session: sessionId, error },
            "new addresses of an egress plan could not be put in force",
          );
      }
    }
  }
}
