import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Short files with long tests in them would otherwise come last, and one of them would keep one core busy alone. */
class LongTestsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      /\/conformance\/areas\/|session-model|standalone|scaffold/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ["{packages,examples}/*/test/**/*.test.ts", "test/**/*.test.ts"],
    pool: "forks",
    // Of two cores: a test of real processes waits for a third of its time.
    maxWorkers: 3,
    sequence: { sequencer: LongTestsFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A test that hangs at the end leaks something: it is to be seen, not to be ended quietly.
    teardownTimeout: 10_000,
    // On CI's shared machines a test gets two more tries. What needed it is named at the end of the run: it is to be
    // mended, not to be lived with.
    retry: process.env.CI === undefined ? 0 : 2,
  },
});
