import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createStderrLogger, type StderrLoggerOptions } from "../../src/index.js";

const secret = "planted-secret-1";
const webToken = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJnIn0.c2lnbmF0dXJl";

function written(options: StderrLoggerOptions, write: (log: ReturnType<typeof createStderrLogger>) => void) {
  let text = "";
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  onTestFinished(() => spy.mockRestore());
  write(createStderrLogger(options));
  spy.mockRestore();
  return text;
}

describe("the stderr logger", () => {
  it("writes one JSON object a line, errors with their stack, whatever the fields are", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const lines = written({ format: "json" }, (log) => {
      log.error({ error: new Error("planted"), count: 3n }, "it failed");
      log.info({ cycle }, "goes on");
    })
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines).toMatchObject([
      { level: "error", msg: "it failed", count: "3" },
      { level: "info", msg: "goes on" },
    ]);
    expect(lines[0]?.error).toMatch(/^Error: planted\n +at /);
  });

  it("leaves out what is below its level", () => {
    expect(written({}, (log) => log.debug({}, "quiet"))).toBe("");
    expect(written({ level: "debug" }, (log) => log.debug({}, "loud"))).toMatch(/ debug loud\n$/);
    expect(written({ level: "error" }, (log) => log.warn({}, "quiet"))).toBe("");
  });

  it.each(["json", "pretty"] as const)(
    "writes no secret that its name or its form gives away, in %s",
    (format) => {
      const text = written({ format }, (log) => {
        log.info({ CACHE_TOKEN: secret, url: `https://user:${secret}@proxy:1` }, `with ${webToken}`);
        log.error({ error: new Error(`no way to http://user:${secret}@proxy`) }, "failed");
      });
      expect(text).not.toContain(secret);
      expect(text).not.toContain(webToken);
      expect(text).toContain("https://user:[redacted]@proxy:1");
    },
  );
});
