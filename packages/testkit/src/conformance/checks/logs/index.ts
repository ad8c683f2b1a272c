import type { Check } from "../../check/check.js";
import { onStderr } from "./absent.js";
import { pushedBeforeFailure, pushedBeforeStop } from "./answers.js";
import { boundedMemory, dropsCounted, flood, largeBatches } from "./floods.js";
import {
  blankLines,
  hugeLine,
  invalidUtf8,
  longLine,
  multiByte,
  nothingEmpty,
  unfinishedLine,
} from "./lines.js";
import { troubleChecks } from "./log-host-trouble.js";
import { comesBack } from "./recovers.js";
import { inOrder, observedTime, rightStream, runtimeWords, sourceSequence } from "./streams.js";
import { heldUntilKnown, noEndlessRetry, unknownAlone } from "./unknown-session.js";

export const logsChecks: readonly Check[] = [
  inOrder,
  rightStream,
  sourceSequence,
  observedTime,
  runtimeWords,
  unfinishedLine,
  blankLines,
  nothingEmpty,
  multiByte,
  invalidUtf8,
  longLine,
  hugeLine,
  largeBatches,
  heldUntilKnown,
  unknownAlone,
  noEndlessRetry,
  pushedBeforeFailure,
  pushedBeforeStop,
  ...troubleChecks,
  comesBack,
  dropsCounted,
  flood,
  boundedMemory,
  onStderr,
];
