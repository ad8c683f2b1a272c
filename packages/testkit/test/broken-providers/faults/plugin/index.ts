import type { Fault } from "../../fault.js";
import * as answers from "./answers.js";
import * as args from "./arguments.js";
import * as cancelled from "./cancelled.js";
import * as environment from "./environment.js";
import * as readiness from "./readiness.js";
import * as refusals from "./refusals.js";
import * as failures from "./start-failures.js";
import { targetNobodyListensAt } from "./target-nobody-listens-at.js";

export const pluginFaults: readonly Fault[] = [
  targetNobodyListensAt,
  ...Object.values(answers),
  ...Object.values(args),
  ...Object.values(environment),
  ...Object.values(readiness),
  ...Object.values(refusals),
  ...Object.values(failures),
  ...Object.values(cancelled),
];
