export { createLogForwarder, type LogForwarder, type LogForwarderStats } from "./log-forwarder.js";
export { logForwarderFromEnvironment } from "./environment.js";
export type { LogForwarderOptions, SessionLogOptions } from "./options.js";
export type { SessionLog } from "./session-log.js";
export type { LogPullRead } from "./log-pull.js";
export type { LogPullOptions } from "./pull-options.js";
export type { LogPullSink } from "./pull-sink.js";
export type { LogStream } from "./log-record.js";
export type { LogClock, LogTimer } from "./clock.js";
