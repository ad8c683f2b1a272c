import pino from "pino";
import { describe, expect, it } from "vitest";
import { RuntimeProviderError, type Logger } from "../../src/index.js";
import { provider, serve } from "../services/serve-in-process.js";

/** A logger of pino's, as it is, and the lines that it has written. */
function pinoLogger(level: string): { logger: Logger; lines: () => Record<string, unknown>[] } {
  let text = "";
  const logger = pino({ level, errorKey: "error" }, { write: (chunk: string) => void (text += chunk) });
  const lines = (): Record<string, unknown>[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger, lines };
}

const failing = provider({
  startSession: ({ pluginName }, { logger }) => {
    logger.debug({ plugin: pluginName, count: 3 }, "begins");
    logger.info({ url: "https://user:planted-password@cloud.example.com" }, "asks");
    throw new RuntimeProviderError("INTERNAL", "no cloud", { cause: new TypeError("planted cause") });
  },
});

describe("pino", () => {
  it("is a logger as it is: levels, fields and errors with their stacks are pino's own", async () => {
    const { logger, lines } = pinoLogger("debug");
    const { runtime } = await serve(failing, { logger });
    await expect(runtime.startSession({ pluginName: "p" })).rejects.toThrow("no cloud");
    expect(lines().map(({ level, msg }) => [level, msg])).toEqual([
      [20, "begins"],
      [30, "asks"],
      [50, "StartSession failed: no cloud"],
    ]);
    const [begins, asks, failed] = lines();
    expect(begins).toMatchObject({ plugin: "p", count: 3 });
    expect(asks).toMatchObject({ url: "https://user:[redacted]@cloud.example.com" });
    expect(failed?.error).toMatchObject({
      type: "TypeError",
      message: "planted cause",
      stack: expect.stringMatching(/^TypeError: planted cause\n +at /) as string,
    });
  });

  it("leaves out what is below its level", async () => {
    const { logger, lines } = pinoLogger("error");
    const { runtime } = await serve(failing, { logger });
    await expect(runtime.startSession({ pluginName: "p" })).rejects.toThrow("no cloud");
    expect(lines().map(({ level }) => level)).toEqual([50]);
  });
});
