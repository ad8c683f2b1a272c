import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLabels, searchLabels, writeLabels, type GuestLabels } from "../../src/sessions/labels.js";

const facts: GuestLabels = {
  provider: "modal",
  session: "s-1",
  instance: "i-1",
  plugin: "example",
  startedAtMs: 1_700_000_000_000,
  expiresAtMs: 1_700_000_600_000,
  metadata: { provider_kind: "plugin", provider_name: "example" },
};

describe("labels of a guest", () => {
  it("REC-1, SESS-2: hold all that another instance has to know", () => {
    const { labels, lost } = writeLabels(facts);
    expect(lost).toBe(false);
    expect(readLabels(labels)).toEqual(facts);
    const { expiresAtMs, ...endless } = facts;
    expect(expiresAtMs).toBeDefined();
    expect(readLabels(writeLabels(endless).labels)).toEqual(endless);
  });

  it("SESS-2: any metadata comes back as it was, whatever the size of a label", () => {
    const room = fc.record({
      entries: fc.constant(10_000),
      valueBytes: fc.integer({ min: 4, max: 200 }),
    });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })),
        room,
        (metadata, size) => {
          const { labels } = writeLabels({ ...facts, metadata }, size);
          for (const [key, value] of Object.entries(labels))
            if (key.startsWith("gestalt-metadata-"))
              expect(Buffer.byteLength(value)).toBeLessThanOrEqual(size.valueBytes);
          expect(readLabels(labels)?.metadata).toEqual({ ...metadata });
        },
      ),
    );
  });

  it("says when the metadata has no room, and writes the rest", () => {
    const metadata = { notes: "x".repeat(1_000) };
    const { labels, lost } = writeLabels({ ...facts, metadata }, { entries: 8, valueBytes: 63 });
    expect(lost).toBe(true);
    expect(readLabels(labels)).toMatchObject({ session: "s-1", metadata: {} });
  });

  it("are found by provider, or by session", () => {
    const { labels } = writeLabels(facts);
    expect(labels).toMatchObject(searchLabels("modal"));
    expect(labels).toMatchObject(searchLabels("modal", "s-1"));
    expect(labels).not.toMatchObject(searchLabels("modal", "s-2"));
  });

  it("of something else are no session's", () => {
    expect(readLabels({ app: "shop" })).toBeUndefined();
    const { labels } = writeLabels(facts);
    expect(readLabels({ ...labels, "gestalt-metadata-0": "{torn" })?.metadata).toEqual({});
  });
});
