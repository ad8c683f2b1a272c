import { describe, expect, it } from "vitest";
import { areas } from "../../../src/conformance/requirements/index.js";
import {
  checksOf,
  faultsOfRow,
  heldAgainst,
  readArea,
  rowOf,
  rowsOf,
  withRow,
  writeArea,
} from "../matrix/matrix.js";
import { placePrograms, verdictsOf } from "../proof.js";

/**
 * Each fault against every check of its area: exactly its own may be red. Nothing given, that is proven anew;
 * `PROOF=update` writes `matrix/<area>.json` as well, and `PROOF=missing` runs only what that does not know yet.
 */
const mode = process.env.PROOF ?? "prove";
if (!["prove", "update", "missing"].includes(mode))
  throw new RangeError(`PROOF=${mode}: write update, missing or nothing`);

for (const area of areas.filter((one) => checksOf(one).length > 0))
  describe(`the whole of ${area}`, () => {
    placePrograms();

    it.each(rowsOf(area))("$name turns exactly its own red", { timeout: 1_800_000 }, async (one) => {
      const { name, breaks } = one;
      const wanted = heldAgainst(area, one);
      const known = mode === "missing" ? rowOf(await readArea(area), name) : {};
      // What should be red and is not, or the other way round, is asked again.
      const isRight = (id: string): boolean => faultsOfRow(known, [id], breaks).length === 0;
      const open = wanted.filter((id) => !isRight(id));
      const found = open.length === 0 ? {} : await verdictsOf(area, one, open);
      const row = Object.fromEntries(
        wanted.flatMap((id) => {
          const verdict = found[id]?.verdict ?? known[id];
          return verdict === undefined ? [] : [[id, verdict]];
        }),
      );
      if (mode !== "prove" && open.length > 0) {
        const date = new Date().toISOString().slice(0, 10);
        await writeArea(area, withRow(await readArea(area), area, name, row, date));
      }
      const said = Object.fromEntries(Object.entries(found).filter(([id]) => row[id] !== "passed"));
      expect({ faults: faultsOfRow(row, wanted, breaks), said }).toEqual({ faults: [], said });
    });
  });
