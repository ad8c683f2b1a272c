import type { JsonObject } from "@bufbuild/protobuf";
import { useCache } from "./cache-client.js";
import type { Boot } from "./at-start.js";
import { assertSignalsReachSelf, type EndSwitch } from "./endings.js";
import { fetchUrl } from "./fetch-url.js";
import { spawnGrandchild } from "./grandchild.js";
import { writeLogLines } from "./log-lines.js";
import type { FixtureOperationId, FixtureOperations } from "./operations.js";
import { reach } from "./reach.js";
import { processTree } from "./process-facts.js";
import { argumentFacts, environmentFacts, identityFacts } from "./start-facts.js";

/** What the operations know and may touch. */
export interface PluginState {
  readonly boot: Boot["found"];
  readonly end: EndSwitch;
  config: FixtureOperations["config"]["result"];
}

type Result<K extends FixtureOperationId> = FixtureOperations[K]["result"];
export type Handlers = {
  readonly [K in FixtureOperationId]: (
    params: FixtureOperations[K]["params"],
    call: HandledCall,
  ) => Result<K> | Promise<Result<K>>;
};

/** The call that an operation answers. */
export interface HandledCall {
  /** The whole request as protobuf JSON. */
  readonly request: JsonObject;
  /** Does something when the answer is out. */
  readonly afterAnswer: (action: () => void) => void;
}

/** One function for each operation of the table; the parameters were checked before. */
export function createHandlers(state: PluginState): Handlers {
  const { end } = state;
  return {
    echo: (params) => params,
    request: (_params, { request }) => request,
    config: () => state.config,
    boot: () => state.boot,
    args: argumentFacts,
    env: ({ name }) => environmentFacts(name),
    identity: identityFacts,
    processes: processTree,
    cache: useCache,
    log: writeLogLines,
    exit: ({ code = 0, answerFirst = true }, { afterAnswer }) => {
      if (answerFirst) afterAnswer(() => end.exit(code));
      else end.exit(code);
      return {};
    },
    crash: ({ how, answerFirst = false }, { afterAnswer }) => {
      if (how === "SIGSEGV" || how === "SIGKILL") assertSignalsReachSelf(how);
      if (answerFirst) {
        afterAnswer(() => end.crash(how));
        return {};
      }
      end.crash(how);
      // Not to be overtaken by an answer.
      return new Promise(() => undefined);
    },
    "ignore-sigterm": ({ ignore = true }) => {
      end.ignoreSigterm = ignore;
      return {};
    },
    spawn: spawnGrandchild,
    "stop-self": ({ answerFirst = true }, { afterAnswer }) => {
      assertSignalsReachSelf("SIGSTOP");
      if (answerFirst) afterAnswer(() => end.stopSelf());
      else end.stopSelf();
      return {};
    },
    fetch: fetchUrl,
    reach,
    sleep: ({ ms }) => new Promise((resolve) => setTimeout(() => resolve({}), ms)),
  };
}
