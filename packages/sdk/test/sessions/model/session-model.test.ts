import { describe, it } from "vitest";
import { kinds, proveModel } from "./session-model.js";

/** How many sequences of each kind, always the same ones: new ones are the soak's to find. MODEL_SEED takes others. */
const sequences = Number(process.env.MODEL_SEQUENCES ?? 700);
const seed = Number(process.env.MODEL_SEED ?? 20_261_123);

describe.each(kinds)("with a backend that $name", (kind) => {
  it(
    `SESS-5, SESS-8, SESS-10, SESS-11, SESS-12, SESS-13, PLUG-7, REC-1: ${sequences} random sequences of calls, delays, failures and crashes leave no wrong state, no leak and no hanging call (MODEL_SEED=${seed})`,
    {
      timeout: 600_000,
    },
    () => proveModel(kind, { seed, sequences }),
  );
});
