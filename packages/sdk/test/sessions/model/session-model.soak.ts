import { describe, it } from "vitest";
import { kinds, proveModel } from "./session-model.js";

/** How many sequences of each kind. MODEL_SEED repeats a run. */
const sequences = Number(process.env.MODEL_SEQUENCES ?? 20_000);
const seed = Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));

describe.each(kinds)("with a backend that $name", (kind) => {
  it(
    `SESS-5, SESS-8, SESS-10, SESS-11, SESS-12, SESS-13, PLUG-7, REC-1: ${sequences} random sequences of calls, delays, failures and crashes leave no wrong state, no leak and no hanging call (MODEL_SEED=${seed})`,
    {
      timeout: 3_600_000,
    },
    () => proveModel(kind, { seed, sequences }),
  );
});
