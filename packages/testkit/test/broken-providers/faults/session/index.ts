import type { Fault } from "../../fault.js";
import { neverReady } from "./never-ready.js";
import { stopForgetsNothing } from "./stop-forgets-nothing.js";

export const sessionFaults: readonly Fault[] = [neverReady, stopForgetsNothing];
