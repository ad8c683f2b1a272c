import type { Fault } from "../../fault.js";
import { answersHttp1 } from "./answers-http1.js";
import { badMessageEndsIt, noiseEndsIt } from "./bad-clients.js";
import { defaultSocketPath } from "./default-socket-path.js";
import { needsOperatorsVariable, needsWorkingDirectory } from "./environment.js";
import { exitsEarly } from "./exits-early.js";
import { exitsWithoutAWord } from "./exits-without-a-word.js";
import { ignoresSigterm } from "./ignores-sigterm.js";
import { cleansUpTheLiving, deafWhileStarting, onlyOneInstance } from "./instances.js";
import { leavesSocketFile } from "./leaves-socket-file.js";
import { helperOutlivesIt, keepsCrashDumps } from "./left-over.js";
import { neverServes } from "./never-serves.js";
import {
  killLeavesPlugins,
  outlivesParent,
  parentsDeathLeavesPlugins,
  parentsDeathLeavesSocket,
  sigtermLeavesPlugins,
} from "./plugins-left.js";
import { claimsHostingInSandbox, diesInSandbox, isAScript, silentInSandbox } from "./sandbox.js";
import { sigtermKills } from "./sigterm-kills.js";
import { endsWithStdin, waitsForReaders } from "./stdio.js";
import { trippedByStaleSocket } from "./tripped-by-stale-socket.js";

export const processFaults: readonly Fault[] = [
  neverServes,
  exitsEarly,
  answersHttp1,
  defaultSocketPath,
  exitsWithoutAWord,
  trippedByStaleSocket,
  noiseEndsIt,
  badMessageEndsIt,
  needsOperatorsVariable,
  needsWorkingDirectory,
  endsWithStdin,
  waitsForReaders,
  ignoresSigterm,
  sigtermKills,
  leavesSocketFile,
  deafWhileStarting,
  outlivesParent,
  parentsDeathLeavesSocket,
  sigtermLeavesPlugins,
  killLeavesPlugins,
  parentsDeathLeavesPlugins,
  onlyOneInstance,
  cleansUpTheLiving,
  diesInSandbox,
  isAScript,
  claimsHostingInSandbox,
  silentInSandbox,
  helperOutlivesIt,
  keepsCrashDumps,
];
