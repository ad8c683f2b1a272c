import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { describeConformance } from "../../../src/vitest/index.js";
import { referenceProvider } from "../subjects.js";

describeConformance({
  name: "the reference provider, by vitest",
  provider: { command: referenceProvider },
  areas: ["support"],
});

describe("describeConformance", () => {
  it(
    "fails the test of each check that does not pass, and a known failure that passes",
    { timeout: 120_000 },
    async () => {
      const root = fileURLToPath(new URL("../../../../..", import.meta.url));
      const args = ["vitest", "run", "--config", fileURLToPath(new URL("broken.config.ts", import.meta.url))];
      const ran = await promisify(execFile)("npx", [...args, "--reporter=json"], { cwd: root }).catch(
        (error: unknown) => error as { stdout: string },
      );
      const report = JSON.parse(ran.stdout.slice(ran.stdout.indexOf("{"))) as {
        testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
      };
      const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
      expect(Object.fromEntries(results.map(({ title, status }) => [title, status]))).toMatchObject({
        "lifecycle/handshake/completes": "failed",
        "lifecycle/configure-provider/answers-version-3": "failed",
        "lifecycle/configure-provider/refuses-other-versions": "skipped",
      });
      const message = (id: string): string =>
        results.find(({ title }) => title === id)?.failureMessages[0] ?? "";
      expect(message("lifecycle/configure-provider/answers-version-3")).toContain(
        "LIFE-2: the protocol version in ConfigureProvider's answer is 0; expected 3",
      );
      expect(message("lifecycle/handshake/completes")).toContain(
        "is in knownFailures and passes: remove it there",
      );
    },
  );

  it("refuses known failures and areas that do not exist", () => {
    const provider = { command: referenceProvider };
    expect(() => describeConformance({ provider, knownFailures: ["a/b/c"] })).toThrow(
      "there is no check a/b/c",
    );
    expect(() => describeConformance({ provider, areas: ["sesion"] })).toThrow("areas: sesion hold no check");
  });
});
