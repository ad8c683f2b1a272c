import type { Fault } from "../../fault.js";
import { answersHttp1 } from "./answers-http1.js";
import { defaultSocketPath } from "./default-socket-path.js";
import { exitsEarly } from "./exits-early.js";
import { exitsWithoutAWord } from "./exits-without-a-word.js";
import { ignoresSigterm } from "./ignores-sigterm.js";
import { leavesSocketFile } from "./leaves-socket-file.js";
import { neverServes } from "./never-serves.js";
import { sigtermKills } from "./sigterm-kills.js";
import { trippedByStaleSocket } from "./tripped-by-stale-socket.js";

export const processFaults: readonly Fault[] = [
  neverServes,
  exitsEarly,
  answersHttp1,
  defaultSocketPath,
  exitsWithoutAWord,
  trippedByStaleSocket,
  ignoresSigterm,
  sigtermKills,
  leavesSocketFile,
];
