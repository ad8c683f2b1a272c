import { fixturePlugin, startGestaltd } from "@gestalt-runtime/testkit";

/**
 * What an author's test does: the fake host in the test's own process, the provider that PROVIDER names and its plugin
 * in processes of theirs. Nothing may be left that keeps Node.js alive.
 */
export async function hosted() {
  const gestaltd = await startGestaltd({
    runtimeProviders: { minimal: { command: process.env.PROVIDER } },
    plugins: { example: fixturePlugin() },
  });
  const answer = await gestaltd.execute("example", "echo", { by: "a test" });
  const { minimal } = await gestaltd.stop();
  if (minimal.code !== 0 || minimal.killed) throw new Error(`it ended with ${JSON.stringify(minimal)}`);
  return answer;
}
