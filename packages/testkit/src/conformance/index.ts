/** The conformance suite, as the command and the adapters for test runners use it. */
export { allChecks } from "./checks/index.js";
export { holdForDebugger } from "./command/hold.js";
export { liveProgress, plainProgress } from "./command/progress.js";
export { runConformance, type ConformanceOptions } from "./command/run-conformance.js";
export { subjectOf } from "./command/target.js";
export { readSuiteConfig } from "./config/suite-config.js";
export { reportFormats, type ReportFormat } from "./reports/index.js";
export type { ConformanceReport } from "./reports/report.js";
export { formatText } from "./reports/text.js";
export { selectChecks } from "./select/select.js";
export { isUsageFault } from "./usage.js";
