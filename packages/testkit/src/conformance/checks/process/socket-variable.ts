import { describeEnd } from "../../../host/provider-process.js";
import { defineCheck } from "../../check/check.js";

const limitMs = 10_000;

export const refusesWithoutSocket = defineCheck({
  id: "process/start/refuses-without-socket-variable",
  title: "started without GESTALT_PLUGIN_SOCKET, the provider exits non-zero at once and names the variable",
  requirements: ["PROC-1"],
  cause:
    "A default path is used in place of the variable, or the program waits for something that never comes.",
  mend: "Look for GESTALT_PLUGIN_SOCKET first of all; without it write its name to stderr and exit with 1.",
  run: async (t) => {
    const process = await t.bareProcess({ withoutSocket: true });
    const ended = await process.endWithin(limitMs);
    if (ended === undefined)
      return t.expect.fail(
        `without GESTALT_PLUGIN_SOCKET the provider was still running after ${limitMs} ms`,
      );
    t.expect(
      ended.code !== null && ended.code !== 0,
      `without GESTALT_PLUGIN_SOCKET the provider ended with ${describeEnd(ended)}; expected an exit code other than 0`,
    );
    t.expect(
      process.stderr.includes("GESTALT_PLUGIN_SOCKET"),
      `without GESTALT_PLUGIN_SOCKET the provider did not name it on stderr: ${JSON.stringify(process.stderr)}`,
    );
  },
});
