import { expect, it } from "vitest";
import { decodeRecord, encodeRecord } from "../../src/store/record.js";
import { Random } from "./random.js";
import { sampleRecord } from "./records.js";

const seed = Number(process.env.STORE_SEED ?? Math.floor(Math.random() * 2 ** 31));

it(`REC-1: whatever is done to a record's text, it is refused or a whole record (STORE_SEED=${seed})`, () => {
  const random = new Random(seed);
  const record = sampleRecord({ intent: "keep", handle: { vm: ["i-1", 2, null] }, notes: { zone: "a" } });
  const text = encodeRecord({ providerName: "cloud", record });
  const bits = '{}[]",:0123456789-+.eE\\u\n\0truefalsnl ';
  let refused = 0;
  for (let round = 0; round < 5_000; round += 1) {
    const at = random.below(text.length);
    const length = random.below(4);
    const put = Array.from({ length: random.below(4) }, () => bits[random.below(bits.length)]).join("");
    const found = decodeRecord(text.slice(0, at) + put + text.slice(at + length));
    if ("fault" in found) {
      expect(found.fault).toMatch(/^is (torn or no JSON|no session record)/);
      refused += 1;
    } else {
      // Whole: it can be written again as it is.
      expect(JSON.parse(encodeRecord(found))).toEqual({ ...found.record, providerName: found.providerName });
    }
  }
  expect(refused).toBeGreaterThan(1_000);
  expect(refused).toBeLessThan(5_000);
});

it("REC-1: a record that is cut off anywhere is refused", () => {
  const text = encodeRecord({ providerName: "cloud", record: sampleRecord() }).trimEnd();
  for (let length = 0; length < text.length; length += 1)
    expect(decodeRecord(text.slice(0, length))).toEqual({ fault: "is torn or no JSON" });
});

it("names that JavaScript's objects have are ordinary keys", () => {
  const metadata = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Record<string, string>;
  const text = encodeRecord({ providerName: "cloud", record: sampleRecord({ metadata }) });
  const found = decodeRecord(text);
  if ("fault" in found) throw new Error(found.fault);
  expect(Object.entries(found.record.metadata)).toEqual([
    ["__proto__", "a"],
    ["constructor", "b"],
    ["toString", "c"],
  ]);
});
