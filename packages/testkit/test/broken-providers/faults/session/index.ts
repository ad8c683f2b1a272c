import type { Fault } from "../../fault.js";
import * as answers from "./answers.js";
import * as lists from "./lists.js";
import * as metadata from "./metadata.js";
import { neverReady } from "./never-ready.js";
import * as ends from "./plugin-ends.js";
import * as ids from "./session-ids.js";
import * as starts from "./starts.js";
import * as during from "./stop-during-start.js";
import { stopForgetsNothing } from "./stop-forgets-nothing.js";
import * as frees from "./stop-frees.js";
import * as stops from "./stops.js";
import * as times from "./times.js";
import * as unknown from "./unknown-session.js";

export const sessionFaults: readonly Fault[] = [
  neverReady,
  stopForgetsNothing,
  ...Object.values(ids),
  ...Object.values(metadata),
  ...Object.values(starts),
  ...Object.values(unknown),
  ...Object.values(answers),
  ...Object.values(lists),
  ...Object.values(times),
  ...Object.values(ends),
  ...Object.values(stops),
  ...Object.values(during),
  ...Object.values(frees),
];
