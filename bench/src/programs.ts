import { fileURLToPath } from "node:url";
import type { Program } from "./subject.js";

/** A path beside the bundled bench. */
export const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const bare: Program = { name: "bare grpc-js", file: here("bare-server.mjs") };
export const level1: Program = { name: "level 1", file: here("level1-provider.mjs") };
export const level2: Program = { name: "level 2", file: here("level2-provider.mjs") };
/** The same, with all that grpc-js could load in its bundle. */
export const level2Whole: Program = { name: "level 2, nothing left out", file: here("level2-whole.mjs") };
export const busySessions: Program = {
  name: "busy sessions",
  file: here("busy-sessions.mjs"),
  nodeArgs: ["--expose-gc"],
};
export const processRuntime: Program = {
  name: "process runtime",
  file: here("../../examples/process-runtime/dist/process-runtime.mjs"),
  isTalkative: true,
};
