import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { RuntimeProviderError } from "../../src/errors/runtime-provider-error.js";
import { checkLog } from "./log-checker.js";
import { harness, lines } from "./forwarder-harness.js";
import { frozen, type StoredRecord } from "./log-host.js";
import { random } from "./random.js";

const passing = ["RESOURCE_EXHAUSTED", "ABORTED", "DEADLINE_EXCEEDED", "UNAVAILABLE"] as const;
const linesPerSession = 2000;

describe("log forwarder with a host that does everything wrong for a while", () => {
  it.each(Array.from({ length: 20 }, (_, i) => i + 1))(
    "LOGS-1, LOGS-4: every record arrives or is announced, in order, whatever the host does (seed %i)",
    async (seed) => {
      const next = random(seed);
      await using h = await harness({
        sessionBytes: 32 * 1024,
        totalBytes: 80 * 1024,
        fullBuffer: next(2) === 0 ? "block" : "drop",
        blockAtMostMs: 10,
        batchRecords: 1 + next(200),
        batchMs: next(3),
        maxCalls: 1 + next(4),
        callTimeoutMs: 60,
        backoffMs: 1,
        maxBackoffMs: 4,
      });
      const ids = ["a", "b", "c", "d"];
      let trouble = 80;
      const fail = (): never => {
        throw new RuntimeProviderError(passing[next(passing.length)] ?? "ABORTED", "not now");
      };
      h.host.before = ({ logs, sessionId }) => {
        if (logs.some(({ message }) => message.endsWith("77"))) {
          throw new RuntimeProviderError("INVALID_ARGUMENT", "bad record");
        }
        if (trouble-- <= 0) {
          h.host.register(...ids.filter((id) => !h.host.knows(id)));
          return undefined;
        }
        const what = next(10);
        if (what === 0) return frozen();
        if (what < 3) fail();
        if (what === 3 && !h.host.knows(sessionId)) h.host.register(sessionId);
        return undefined;
      };
      h.host.after = () => {
        // The host has the batch, and nobody hears of it.
        if (trouble-- > 0 && next(5) === 0) fail();
      };
      const logs = ids.map((id) => h.logs.session(id));
      await Promise.all(
        logs.map(async (log) => {
          log.registered();
          for (let n = 1; n <= linesPerSession; n += 250) {
            const chunk = Readable.from([lines(n, n + 249)]);
            await log.consume("stdout", chunk);
            if (next(4) === 0) await log.flush(5);
          }
        }),
      );
      trouble = 0;
      await Promise.all(logs.map((log) => log.flush(20_000)));
      for (const id of ids) {
        const { arrived, announced, ...faults } = checkLog(once(h.host.records(id)), linesPerSession);
        expect(faults, id).toEqual({ missing: [], duplicated: [], reordered: [], falselyAnnounced: [] });
        expect(arrived + announced, id).toBe(linesPerSession);
      }
      expect(h.logs.stats.written).toBe(ids.length * linesPerSession);
    },
  );
});

/** Without what came again because its answer was lost, as a reader of the log can do it too. */
function once(records: readonly StoredRecord[]): StoredRecord[] {
  const seen = new Set<string>();
  return records.filter(({ sourceSeq, message }) => {
    const key = `${sourceSeq} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}
