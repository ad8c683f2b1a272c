import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { defineFault } from "../../fault.js";

export const answersBeforeItListens = defineFault({
  name: "answers-before-it-listens",
  breaks: [
    "plugin/start-plugin/waits-until-it-listens",
    "plugin/start-plugin/never-serves",
    "plugin/start-plugin/exits-early",
    "plugin/start-plugin/cancelled",
  ],
  apply: (reference) => {
    const { startPlugin } = reference;
    const serves = (): Promise<boolean> => delay(20, true);
    reference.startPlugin = (start) => startPlugin({ ...start, serves });
  },
});

export const socketFileIsEnough = defineFault({
  name: "socket-file-is-enough",
  breaks: ["plugin/start-plugin/never-serves"],
  apply: (reference) => {
    const { startPlugin } = reference;
    reference.startPlugin = (start) => {
      const serves = (): Promise<boolean> => Promise.resolve(existsSync(start.socketPath));
      return startPlugin({ ...start, serves });
    };
  },
});

export const readsOutputLate = defineFault({
  name: "reads-output-late",
  breaks: ["plugin/start-plugin/talks-before-it-serves"],
  times: { callMs: 5_000 },
  apply: (reference) => {
    const { startPlugin } = reference;
    reference.startPlugin = (start) => startPlugin({ ...start, readsAtOnce: false });
  },
});
